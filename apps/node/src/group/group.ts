import type { StoreResult } from '@raft/commands'
import { Node, type NodeOptions } from '@raft/core'
import type { Fate } from '../directory/fate.js'
import type { Entrance, Environment } from '../member/environment.js'
import type { RunningParts } from '../member/running-parts.js'
import type { LocalStore } from '../options.js'
import { LeaderAccess, type LeaderAccessOptions } from '../routing/leader-access.js'
import { KeyValueService } from '../store/key-value-service.js'
import { Vitals } from '../vitals.js'

export interface GroupOptions extends Omit<LeaderAccessOptions, 'node' | 'clock' | 'connector'> {
  /** What the node is made with. */
  readonly node: NodeOptions<StoreResult>
  /** What the member may die of besides the node's own errors. */
  readonly fate: Fate
  /** The state machine that the node applies commands to. It is read from directly. */
  readonly store: Pick<LocalStore, 'revision' | 'get' | 'range'>
}

/** One group of the cluster, as it runs in this member: the node with its store, and the way from here to whoever leads. */
export class Group {
  readonly node: Node<StoreResult>
  readonly store: GroupOptions['store']
  readonly clusterId: string
  readonly access: LeaderAccess
  readonly service: KeyValueService
  readonly vitals: Vitals

  constructor(environment: Environment, { node, store, fate, ...access }: GroupOptions) {
    this.node = new Node(node)
    this.store = store
    this.clusterId = access.clusterId
    this.access = new LeaderAccess({ ...access, ...environment, node: this.node })
    this.service = new KeyValueService(this.node, store, this.access)
    this.vitals = new Vitals(this.node, {
      whyNoLeader: () => access.whyNoLeader?.() ?? 'no leader is known',
      leaderTrouble: () => this.access.leaderTrouble(),
    })
    fate.onFailed = (error) => this.node.fail(error)
    // What waits for a leader would wait in vain.
    this.node.on('fatal', ({ error }) => this.access.stop(error))
  }

  /**
   * The node takes part, and then clients can come. It ends in this order: clients are answered, what waits for a leader is refused, and
   * the node stops before the last clients have gone: a leader that takes nothing is none that its cluster should wait for.
   *
   * @throws whatever the node's `start` and the entrance's `open` throw; the parts are to be ended then, too
   */
  async begin(parts: RunningParts, entrance: Entrance | null): Promise<void> {
    if (entrance !== null) parts.add(entrance.close)
    parts.add(() => this.node.stop())
    parts.add(() => this.access.stop())
    await this.node.start()
    this.vitals.started()
    if (entrance !== null) {
      parts.add(entrance.finish)
      await entrance.open()
    }
    if (this.vitals.fatal !== null) throw this.vitals.fatal
  }
}
