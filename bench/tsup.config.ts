import { library } from '../tsup.base.js'

export default library({ cli: 'src/cli.ts', load: 'src/cluster/load.ts', 'transport-peer': 'src/parts/transport-peer.ts' })
