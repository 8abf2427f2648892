import { join } from 'node:path'
import type { Figure } from '../figure.js'
import type { Recorder } from '../recorder.js'
import type { SuiteOptions } from '../suite.js'
import { EtcdSubject } from './etcd-subject.js'
import { LoadFailedError } from './load-failed-error.js'
import { RaftSubject } from './raft-subject.js'
import { type Load, runLoad } from './run-load.js'
import type { Subject, Usage } from './subject.js'

export const OURS = 'raft'

export interface ClusterBenchOptions extends SuiteOptions {
  /** Path of the built `cli.js` of the members. */
  readonly cli: string
  /** 'etcd', or the path of another built checkout of this repository; null: nobody. */
  readonly against: string | null
}

/** The conditions of one measurement, as its row of the tables says them. */
export interface Conditions {
  readonly at: string
  readonly x?: Figure['x']
  readonly operations?: string
}

const LOAD_PROCESSES = 2
/** In ms: until a process of Node has compiled what it runs most. */
const WARM_UP = 4000
const NO_USAGE: Usage = { leader: 0, all: 0, memory: 0, collecting: null }

/** What every group of cluster measurements uses: clusters side by side, load, and where the figures go. */
export class ClusterBench {
  readonly recorder: Recorder
  readonly options: ClusterBenchOptions

  constructor(recorder: Recorder, options: ClusterBenchOptions) {
    this.recorder = recorder
    this.options = options
  }

  /** What we are compared with, as the tables call it. */
  get other(): string | null {
    const { against } = this.options
    return against === null || against === 'etcd' ? against : 'other'
  }

  /** Starts ours and what it is measured against, each with `members` members, and ends them when `use` has ended. */
  async with(members: number, use: (subjects: readonly Subject[]) => Promise<void>): Promise<void> {
    const subjects = await this.#create(members)
    try {
      for (const subject of subjects) await subject.start()
      await use(subjects)
    } finally {
      await Promise.all(subjects.map((subject) => subject.end({ erase: true })))
    }
  }

  /** One measurement for each subject and round, interleaved. Where the other side fails it has no more rounds; that ours fails is an error. */
  async rounds(subjects: readonly Subject[], measure: (subject: Subject) => Promise<void>): Promise<void> {
    const failed = new Set<Subject>()
    for (let round = 0; round < this.options.rounds; round++) {
      for (const subject of subjects) {
        if (failed.has(subject)) continue
        try {
          await measure(subject)
        } catch (error) {
          if (subject.name === OURS || !(error instanceof LoadFailedError)) throw error
          failed.add(subject)
          this.options.say(`${subject.name}: not measured: ${error.message}`)
        }
      }
    }
  }

  /** Puts load on a subject and records what came of it. */
  async load(subject: Subject, { at, x = null, operations = 'operations/s' }: Conditions, load: Partial<Load>): Promise<void> {
    let before = NO_USAGE
    let after = NO_USAGE
    const outcome = await runLoad({
      target: subject.kind,
      addresses: subject.addresses,
      outstanding: 1000,
      rate: null,
      valueBytes: 128,
      readShare: 0,
      keys: 10_000,
      processes: LOAD_PROCESSES,
      isFilledFirst: false,
      warmUp: Math.min(WARM_UP, 2 * this.options.duration),
      duration: this.options.duration,
      ...load,
      onBegin: async () => {
        before = await subject.usage()
      },
      onEnd: async () => {
        after = await subject.usage()
      },
    })
    const add = (what: string, value: number) => this.recorder.add({ what, at, x, by: subject.name }, value)
    add(operations, outcome.rate)
    add('median latency, ms', outcome.latencies.getValueAtPercentile(50) / 1000)
    add('p99 latency, ms', outcome.latencies.getValueAtPercentile(99) / 1000)
    add('processor time for an operation, all members, µs', (after.all - before.all) / outcome.operations)
    add('processor time for an operation, the load itself, µs', outcome.processorTime)
    add('memory of a member, MB', after.memory / 1e6)
    if (before.collecting !== null && after.collecting !== null) {
      const seconds = (load.duration ?? this.options.duration) / 1000
      add('leader collects garbage, ms a second', (after.collecting.time - before.collecting.time) / seconds)
      add('pauses over 10 ms for it, a second', (after.collecting.longPauses - before.collecting.longPauses) / seconds)
    }
    const median = outcome.latencies.getValueAtPercentile(50) / 1000
    this.options.say(
      `${subject.name}: ${at}${x === null ? '' : `, ${x.value} ${x.name}`}: ${Math.round(outcome.rate)}/s, median ${median} ms`,
    )
  }

  async #create(members: number): Promise<Subject[]> {
    const { against, cli, directory } = this.options
    const subjects: Subject[] = [await RaftSubject.create({ name: OURS, cli, members, directory: join(directory, `ours-${members}`) })]
    if (against === 'etcd') subjects.push(await EtcdSubject.create({ members, directory: join(directory, `etcd-${members}`) }))
    else if (against !== null) {
      const theirs = join(against, 'apps/node/dist/cli.js')
      subjects.push(await RaftSubject.create({ name: 'other', cli: theirs, members, directory: join(directory, `other-${members}`) }))
    }
    return subjects
  }
}
