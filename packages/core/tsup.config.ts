import { library } from '../../tsup.base.js'

/** What is marked internal is for the roles: the types of the package do not have it. */
const dts = { compilerOptions: { stripInternal: true } }

export default library({ index: 'src/index.ts', state: 'src/state-index.ts', memory: 'src/memory/index.ts' }, { dts })
