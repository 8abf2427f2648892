import { accounts } from './accounts.js'
import { client } from './client.js'
import { directories } from './directories.js'
import { elections } from './elections.js'
import { fencing } from './fencing.js'
import { forwarding } from './forwarding.js'
import { node } from './node.js'
import { outcomes } from './outcomes.js'
import { reads } from './reads.js'
import { replication } from './replication.js'
import { server } from './server.js'
import { serverAccounts } from './server-accounts.js'
import { storage } from './storage.js'
import { store } from './store.js'
import { transport } from './transport.js'
import type { Variant } from './variant.js'
import { waiting } from './waiting.js'

export interface Layer {
  readonly title: string
  readonly variants: readonly Variant[]
}

/** Every broken variant, by what it breaks. */
export const layers: readonly Layer[] = [
  { title: 'Elections', variants: elections },
  { title: 'Replication', variants: replication },
  { title: 'Reads', variants: reads },
  { title: 'Waiting', variants: waiting },
  { title: 'Node', variants: node },
  { title: 'Accounts', variants: accounts },
  { title: 'Fencing', variants: fencing },
  { title: 'Log files', variants: storage },
  { title: 'Transport', variants: transport },
  { title: 'Directories', variants: directories },
  { title: 'Client', variants: client },
  { title: 'Server', variants: server },
  { title: 'Forwarding', variants: forwarding },
  { title: 'Outcomes and deadlines', variants: outcomes },
  { title: 'Accounts of clients and members', variants: serverAccounts },
  { title: 'Store', variants: store },
]

export const allVariants: readonly Variant[] = layers.flatMap(({ variants }) => variants)

/** @throws Error when there is none */
export function variantNamed(name: string): Variant {
  const variant = allVariants.find((one) => one.name === name)
  if (variant === undefined) throw new Error(`there is no variant "${name}"`)
  return variant
}
