import type { EntryBatch, Leadership, LogWrite, Message, NodeAccounts, NodeStatus, RoleName, StoredLog, Transition } from '@raft/core'

/** The role and term of who sends. */
export interface Speaker {
  readonly role: RoleName
  readonly currentTerm: number
}

/**
 * One promise of a cluster, watched from outside: at the storage, on the network, in the state machine and in `status()`. Each hook
 * is called as it happens. What is broken is told to the world.
 */
export interface Oracle {
  /** The storage of a new life was opened. */
  readonly onOpened?: (id: string, stored: StoredLog) => void
  /** The member takes part. */
  readonly onStarted?: (id: string, status: NodeStatus) => void
  readonly onTransition?: (id: string, transition: Transition) => void
  /** After every turn of the node, with its status after the turn before; null for the first of a life. */
  readonly onTurn?: (id: string, status: NodeStatus, before: NodeStatus | null) => void
  /** After every turn of the node: its books. */
  readonly onAccounts?: (id: string, accounts: NodeAccounts, status: NodeStatus) => void
  /** The node is given a command or a read. */
  readonly onAsked?: (id: string, kind: 'command' | 'read', bytes: number) => void
  /** The caller of a command or a read hears what has come of it. */
  readonly onAnswered?: (id: string, kind: 'command' | 'read', bytes: number, error: Error | null) => void
  /** The member may act as leader until the signal aborts. */
  readonly onLeader?: (id: string, leadership: Leadership, speaker: Speaker) => void
  /** The member follows. */
  readonly onFollower?: (id: string) => void
  /** The node asks its storage to read. */
  readonly onReadBegun?: (id: string) => void
  /** The node has stopped, by its owner or by itself, and its process lives on; with the timers that it has left. */
  readonly onStopped?: (id: string, status: NodeStatus, accounts: NodeAccounts, timers: number) => void
  /** The node asks its storage to write. The shadow log does not know it yet. */
  readonly onWrite?: (id: string, write: LogWrite, isLeading: boolean) => void
  /** Entries were read back from storage. */
  readonly onRead?: (id: string, entries: EntryBatch) => void
  readonly onSend?: (id: string, to: string, message: Message, speaker: Speaker) => void
  readonly onDeliver?: (id: string, from: string, message: Message) => void
  /** The node gives entries to its state machine, which has applied everything up to `lastApplied`. */
  readonly onApply?: (id: string, entries: EntryBatch, lastApplied: number) => void
  /** The node stopped by itself; `isExcused` where its disk was made to fail. */
  readonly onFatal?: (id: string, error: Error, isExcused: boolean) => void
  /** The process is gone, for whatever reason. */
  readonly onEnded?: (id: string) => void
  /** The member's disk was replaced by an empty one. */
  readonly onWiped?: (id: string) => void
  /** The member's disk is not what it was, and the others remember. What it had shown before counts no more. */
  readonly onOutcast?: (id: string) => void
}

type Hook = keyof Oracle

const HOOKS: readonly Hook[] = [
  'onOpened',
  'onStarted',
  'onTransition',
  'onTurn',
  'onAccounts',
  'onAsked',
  'onAnswered',
  'onLeader',
  'onFollower',
  'onReadBegun',
  'onStopped',
  'onWrite',
  'onRead',
  'onSend',
  'onDeliver',
  'onApply',
  'onFatal',
  'onEnded',
  'onWiped',
  'onOutcast',
]

/** All oracles of a simulation, as one. */
export class Oracles {
  readonly #hooks: ReadonlyMap<Hook, readonly unknown[]>

  constructor(oracles: readonly Oracle[]) {
    this.#hooks = new Map(HOOKS.map((name) => [name, oracles.flatMap((oracle) => oracle[name] ?? [])]))
  }

  tell<Name extends Hook>(name: Name, ...args: Parameters<Required<Oracle>[Name]>): void {
    const hooks = (this.#hooks.get(name) ?? []) as readonly ((...args: Parameters<Required<Oracle>[Name]>) => void)[]
    for (let i = 0; i < hooks.length; i++) hooks[i]?.(...args)
  }
}
