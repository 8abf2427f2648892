import { library } from '../../tsup.base.js'

export default library({ index: 'src/index.ts', protocol: 'src/protocol/index.ts' })
