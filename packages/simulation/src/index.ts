export { type Regression, regressions } from './regressions.js'
export { type NamedStack, namedStack, type SeedOptions } from './stacks/named-stack.js'
export { stackNamed, stacks } from './stacks/stacks.js'
