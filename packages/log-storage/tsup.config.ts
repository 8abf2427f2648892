import { library } from '../../tsup.base.js'

export default library({ index: 'src/index.ts', lmdb: 'src/lmdb/index.ts', level: 'src/level/index.ts' })
