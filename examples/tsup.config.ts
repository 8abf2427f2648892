import { library } from '../tsup.base.js'

export default library({ 'replicated-member': 'src/replicated-member.ts' })
