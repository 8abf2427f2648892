import { randomFillSync } from 'node:crypto'
import { encodeIntoCompressedBase64 } from 'hdr-histogram-js'
import { putAll } from './fill.js'
import { LatencyRecorder } from './latency-recorder.js'
import { keyOf, type LoadPlan, type LoadResult, type Order } from './load-plan.js'
import { connectTo, type Target } from './target.js'

/*
 * A process that puts load on a cluster. It is told what by its argument, and when by messages: fill, start, mark, stop.
 */

const FILLING_AT_ONCE = 500
/** So many keys are made before they are asked for. */
const MOST_KEYS_MADE = 100_000
/** More than this under way in an open loop means that the target does not keep up: there is nothing to measure. */
const MOST_UNDER_WAY = 200_000

class Load {
  readonly #plan: LoadPlan
  readonly #target: Target
  readonly #value: Uint8Array
  #random: number
  readonly #keys: readonly string[]
  readonly #latencies = new LatencyRecorder()
  #operations = 0
  #failures: string[] = []
  #isRunning = false
  #underWay = 0
  #markedAt = performance.now()
  #processorAtMark = process.cpuUsage()

  constructor(plan: LoadPlan) {
    this.#plan = plan
    this.#target = connectTo(plan.target, plan.addresses)
    this.#value = randomFillSync(new Uint8Array(plan.valueBytes))
    this.#keys = Array.from({ length: Math.min(plan.keys, MOST_KEYS_MADE) }, (_, n) => keyOf(n))
    this.#random = plan.process * 0x9e3779b1 + 1
  }

  /** Puts every key of this process once. */
  async fill(): Promise<void> {
    const { process: first, processes, keys } = this.#plan
    const count = Math.ceil((keys - first) / processes)
    await putAll(this.#target, count, (n) => keyOf(first + n * processes), this.#value, FILLING_AT_ONCE)
  }

  start(): void {
    this.#isRunning = true
    this.mark()
    if (this.#plan.rate === null) for (let i = 0; i < this.#plan.outstanding; i++) this.#repeat(performance.now())
    else this.#beginOnTime(this.#plan.rate)
  }

  /** Forgets what was seen so far. */
  mark(): void {
    this.#latencies.reset()
    this.#operations = 0
    this.#failures = []
    this.#markedAt = performance.now()
    this.#processorAtMark = process.cpuUsage()
  }

  async stop(): Promise<LoadResult> {
    this.#isRunning = false
    const { user, system } = process.cpuUsage(this.#processorAtMark)
    const seconds = (performance.now() - this.#markedAt) / 1000
    const [operations, failures] = [this.#operations, this.#failures]
    // Each of the operations under way is due again after this long, and is late by what goes beyond it.
    const { rate, outstanding } = this.#plan
    const expected = (outstanding / (operations / seconds)) * 1e6
    const seen = this.#latencies.toHistogram()
    const latencies = rate === null && operations > 0 ? seen.copyCorrectedForCoordinatedOmission(expected) : seen
    const result = { operations, failures, seconds, processorTime: user + system, latencies: encodeIntoCompressedBase64(latencies) }
    while (this.#underWay > 0) await new Promise((resolve) => setTimeout(resolve, 5))
    await this.#target.close()
    return result
  }

  readonly #repeat = (now: number): void => {
    if (this.#isRunning) this.#one(now, this.#repeat)
  }

  /** Each operation counts from the moment at which it was due, however late it was begun. */
  #beginOnTime(rate: number): void {
    const startedAt = performance.now()
    let begun = 0
    const timer = setInterval(() => {
      if (!this.#isRunning) return clearInterval(timer)
      const due = ((performance.now() - startedAt) / 1000) * rate
      for (; begun < due; begun++) {
        if (this.#underWay < MOST_UNDER_WAY) this.#one(startedAt + (begun / rate) * 1000, nothing)
        else this.#fail(`${MOST_UNDER_WAY} operations are under way: it does not keep up`)
      }
    }, 1)
  }

  /** @param next called with the time when the operation is done; after a pause where it failed */
  #one(dueAt: number, next: (now: number) => void): void {
    const { readShare, keys } = this.#plan
    const n = this.#draw() % keys
    const key = this.#keys[n] ?? keyOf(n)
    const isRead = readShare > 0 && this.#draw() / 2 ** 32 < readShare
    this.#underWay += 1
    const result = isRead ? this.#target.get(key) : this.#target.put(key, this.#value)
    result.then(
      () => {
        const now = performance.now()
        this.#underWay -= 1
        this.#operations += 1
        this.#latencies.record((now - dueAt) * 1000)
        next(now)
      },
      (error: unknown) => {
        this.#underWay -= 1
        this.#fail(String(error))
        setTimeout(() => next(performance.now()), 10)
      },
    )
  }

  /** A few tell why nothing was measured. */
  #fail(reason: string): void {
    if (this.#failures.length < 5) this.#failures.push(reason)
  }

  /** Mulberry32. */
  #draw(): number {
    this.#random = (this.#random + 0x6d2b79f5) >>> 0
    let t = Math.imul(this.#random ^ (this.#random >>> 15), 1 | this.#random)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return (t ^ (t >>> 14)) >>> 0
  }
}

function nothing(): void {}

const load = new Load(JSON.parse(process.argv[2] ?? '') as LoadPlan)

process.on('message', ({ order }: Order) => {
  obey(order).then(
    (answer) => process.send?.({ answer }),
    (error: unknown) => process.send?.({ error: String(error) }),
  )
})
process.on('disconnect', () => process.exit())

async function obey(order: Order['order']): Promise<LoadResult | null> {
  if (order === 'stop') return load.stop()
  if (order === 'fill') await load.fill()
  else if (order === 'start') load.start()
  else load.mark()
  return null
}
