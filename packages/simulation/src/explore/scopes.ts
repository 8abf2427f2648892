import type { Scope } from '@raft/simulator'

export interface NamedScope {
  readonly name: string
  readonly description: string
  readonly scope: Partial<Scope>
  /** How many states it has. Another number means that the members behave differently: to be understood before it is written here. */
  readonly states: number
}

/** What is explored whole. */
export const scopes: readonly NamedScope[] = [
  {
    name: 'elections',
    description: 'two members of three campaign, at any time, up to term 2',
    scope: { timeouts: 2 },
    states: 242_555,
  },
  {
    name: 'two leaders',
    description: 'the same, with a command for whoever leads: what the first leader replicated meets the second',
    scope: { timeouts: 2, proposals: 1 },
    states: 1_192_520,
  },
  {
    name: 'rivals',
    description: 'two campaign in one term, and somebody crashes',
    scope: { timeouts: 2, maxTerm: 1, crashes: 1 },
    states: 168_929,
  },
  {
    name: 'replication',
    description: 'a leader with a command and a heartbeat, and somebody crashes',
    scope: { timeouts: 1, proposals: 1, heartbeats: 1, crashes: 1 },
    states: 319_796,
  },
  {
    name: 'slow disks',
    description: 'a leader with a command, disks that take their time, and a crash with or without what was being written',
    scope: { timeouts: 1, proposals: 1, crashes: 1, writes: 'slow' },
    states: 68_480,
  },
  {
    name: 'duplicates',
    description: 'a leader with a command, and any one message twice',
    scope: { timeouts: 1, proposals: 1, duplications: 1 },
    states: 15_545,
  },
  {
    name: 'reads',
    description: 'a leader with a heartbeat and a linearizable read',
    scope: { timeouts: 1, reads: 1, heartbeats: 1 },
    states: 147_199,
  },
  {
    name: 'overlapping reads',
    description: 'a leader with two linearizable reads, of which one may come while the other is being confirmed',
    scope: { timeouts: 1, reads: 2 },
    states: 27_635,
  },
]

/** @throws Error that says what there is */
export function scopeNamed(name: string): NamedScope {
  const scope = scopes.find((one) => one.name === name)
  if (scope === undefined) throw new Error(`there is no scope "${name}": expected ${scopes.map((one) => one.name).join(', ')}`)
  return scope
}
