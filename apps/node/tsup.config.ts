import { library } from '../../tsup.base.js'

export default library({ index: 'src/index.ts', cli: 'src/cli.ts', 'local-cluster': 'src/local-cluster.ts', demo: 'src/demo.ts' })
