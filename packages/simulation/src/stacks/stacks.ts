import { listStack } from '@raft/simulator'
import { type NamedStack, namedStack } from './named-stack.js'

/** What can be simulated, by name. */
export const stacks: readonly NamedStack[] = [
  namedStack('core', 'the node with a replicated list, on a network of whole messages and disks of whole records', listStack),
]

/** @throws Error that says what there is */
export function stackNamed(name: string): NamedStack {
  const stack = stacks.find((one) => one.name === name)
  if (stack === undefined) throw new Error(`there is no stack "${name}": expected ${stacks.map((one) => one.name).join(' or ')}`)
  return stack
}
