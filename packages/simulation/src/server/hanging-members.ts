import { bytes, type Clock, RaftClient } from '@raft/client'
import { type Cluster, Host, type Links, type Prng, type StreamNetwork, type World } from '@raft/simulator'
import type { Punctuality } from '../workload/punctuality.js'
import type { Accounts } from './accounts.js'

/** How many seeds have members that hang. */
const SHARE = 0.25
/** Mean ms between two that begin to, and for how long they do. */
const PAUSE = 700
const DURATION = [500, 2500] as const
/** Mean ms between two questions. */
const THINK_TIME = 60
/** How often the members are looked at while a question is open, in ms: no cut of a link is shorter. */
const LOOK = 8
/** What a question may take while some member can answer it: this, and that for each member, in ms. */
const BOUND = 600
const BOUND_PER_MEMBER = 200
/** No key begins with it, so that the answers are small. */
const NO_KEY = Buffer.from('none of all keys')

type Question = 'local get' | 'local page' | 'status'

export interface HangingMembersOptions<Result, Answer> {
  readonly cluster: Cluster<Result, Answer>
  readonly world: World
  readonly links: Links
  readonly streams: StreamNetwork
  readonly random: Prng
  readonly addresses: readonly string[]
  readonly timeouts: { readonly requestTimeout: number }
  readonly punctuality: Punctuality
  readonly accounts: Accounts
  /** Whether the member takes connections and answers. */
  readonly serves: (id: string) => boolean
}

/**
 * Processes that hang for long with their connections open, and a client that asks what any member can answer: while one of them is
 * well all the time, the answer must come soon, whichever was asked first.
 */
export class HangingMembers<Result, Answer> {
  readonly #options: HangingMembersOptions<Result, Answer>
  readonly #isDrawn: boolean
  readonly #bound: number
  #isActive = false
  #open = 0
  /** Since when each member was well, and by which life; without those that are not. */
  readonly #well = new Map<string, { readonly since: number; readonly life: unknown }>()
  /** Who leads, of those that are well, and since when. */
  #leading: { readonly id: string; readonly since: number } | null = null

  constructor(options: HangingMembersOptions<Result, Answer>) {
    this.#options = options
    this.#isDrawn = options.random.chance(SHARE) && options.cluster.members.length > 1
    this.#bound = BOUND + BOUND_PER_MEMBER * options.cluster.members.length
  }

  start(): void {
    if (!this.#isDrawn) return
    const { world, links, streams, random, addresses, timeouts, accounts } = this.#options
    const host = new Host('reader', world)
    links.join(host.id)
    const incarnation = host.begin()
    const clock = host.clock.of(incarnation, (callback) => world.after(0, incarnation.bind(callback)))
    const client = new RaftClient({
      members: addresses,
      codec: bytes,
      ...timeouts,
      connector: streams.connector(incarnation),
      clock,
      random: random.fork('client').next,
    })
    accounts.addClient(host.id, client)
    this.#isActive = true
    this.#hang()
    this.#ask(client, clock)
  }

  stop(): void {
    this.#isActive = false
  }

  #hang(): void {
    const { world, random, cluster } = this.#options
    world.after(random.exponential(PAUSE), () => {
      if (!this.#isActive) return
      const member = random.pick(cluster.members)
      const duration = random.between(...DURATION)
      world.count('hang')
      world.note(`${member.id} hangs`, duration)
      member.host.pause(duration)
      this.#hang()
    })
  }

  #ask(client: RaftClient<Uint8Array>, clock: Clock): void {
    const { world, random, punctuality, timeouts } = this.#options
    world.after(random.exponential(THINK_TIME), () => {
      if (!this.#isActive) return
      const question = random.pick<Question>(['local get', 'local page', 'status'])
      const asked = world.now
      this.#open += 1
      if (this.#open === 1) this.#look()
      const ended = punctuality.begin(clock, timeouts.requestTimeout, `a ${question}`)
      const settled = () => {
        ended()
        this.#open -= 1
        this.#check(question, asked)
      }
      put(client, question).then(settled, settled)
      this.#ask(client, clock)
    })
  }

  #check(question: Question, asked: number): void {
    const { world } = this.#options
    this.#see()
    const since = question === 'status' ? this.#leading?.since : Math.min(...[...this.#well.values()].map((well) => well.since))
    if (since === undefined) return
    const waited = world.now - Math.max(asked, since)
    if (waited > this.#bound)
      world.violated('a silent member is left', `a ${question} took ${Math.round(waited)} ms while a member could answer it`)
  }

  /** Again and again while a question is open. */
  #look(): void {
    this.#see()
    this.#options.world.after(LOOK, () => {
      if (this.#open > 0) this.#look()
      else this.#well.clear()
    })
  }

  #see(): void {
    const { cluster, world } = this.#options
    for (const { id, host } of cluster.members) {
      const life = host.incarnation
      if (!this.#isWell(id)) this.#well.delete(id)
      else if (this.#well.get(id)?.life !== life) this.#well.set(id, { since: world.now, life })
    }
    const id = cluster.leader()?.id
    const well = id === undefined ? undefined : this.#well.get(id)
    if (id === undefined || well === undefined) this.#leading = null
    else if (this.#leading?.id !== id || this.#leading.since < well.since) this.#leading = { id, since: world.now }
  }

  #isWell(id: string): boolean {
    const { cluster, links, world, serves } = this.#options
    const { loss, corruption, lateness, delay } = links.conditions
    const member = cluster.members.find((one) => one.id === id)
    if (member === undefined || loss > 0 || corruption > 0 || lateness > 0 || delay > 1) return false
    const isRunning = member.isUp && !member.isStopping && serves(id) && world.now >= member.host.pausedUntil
    return isRunning && !links.isCut(id, 'reader') && !links.isCut('reader', id)
  }
}

function put(client: RaftClient<Uint8Array>, question: Question): Promise<unknown> {
  switch (question) {
    case 'local get':
      return client.get(NO_KEY, { consistency: 'local' })
    case 'local page':
      return client.page({ prefix: NO_KEY, consistency: 'local' })
    case 'status':
      return client.status()
  }
}
