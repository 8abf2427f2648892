import { library } from '../../tsup.base.js'

export default library({
  index: 'src/index.ts',
  cli: 'src/cli.ts',
  explore: 'src/explore.ts',
  'fail-over': 'src/fail-over.ts',
  worker: 'src/command/worker.ts',
  variants: 'src/variants.ts',
})
