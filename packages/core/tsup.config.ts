import { library } from '../../tsup.base.js'

/** Members that are marked internal are for the roles: the types of the package do not have them. */
const dts = { compilerOptions: { stripInternal: true } }

export default library({ index: 'src/index.ts', state: 'src/state-index.ts', memory: 'src/memory/index.ts' }, { dts })
