import { expect, onTestFinished, test, vi } from 'vitest'
import { LineSink } from '../src/line-sink.js'
import { createLogger } from '../src/log.js'
import { errorsOnStderr } from '../src/stderr.js'

vi.mock('@raft/system', async (original) => ({ ...(await original<object>()), ...(await import('./ambient-time.js')) }))

/** Stands in for a pipe, with room for as many bytes as the test says. */
function pipe(room = Number.POSITIVE_INFINITY) {
  const state = { room, fault: 'EAGAIN', bytes: [] as number[] }
  const sink = new LineSink((bytes) => {
    const taken = Math.min(state.room, bytes.length)
    if (taken === 0) throw Object.assign(new Error(state.fault), { code: state.fault })
    state.room -= taken
    for (const byte of bytes.subarray(0, taken)) state.bytes.push(byte)
    return taken
  })
  return { state, sink, lines: () => Buffer.from(state.bytes).toString().split('\n').slice(0, -1) }
}

function fakeTimers(): void {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  onTestFinished(() => void vi.useRealTimers())
}

test('a line is written at once, whole, and by itself', () => {
  const writes: string[] = []
  const sink = new LineSink((bytes) => writes.push(Buffer.from(bytes).toString()) && bytes.length)
  sink.write('one\n')
  sink.write('two ☃\n')
  expect(writes).toEqual(['one\n', 'two ☃\n'])
})

test('lines wait while nobody takes them, and arrive in order and whole, however little is taken at a time', () => {
  fakeTimers()
  const { state, sink, lines } = pipe(0)
  const written = Array.from({ length: 50 }, (_, i) => `line ☃ ${i}`)
  for (const line of written) sink.write(`${line}\n`)
  while (lines().length < written.length) {
    state.room = 5
    vi.advanceTimersByTime(50)
  }
  expect(lines()).toEqual(written)
})

test('lines for which there is no room are dropped, and what says how many stands in their place', () => {
  fakeTimers()
  const { state, sink, lines } = pipe(0)
  sink.onLoss = (dropped) => sink.write(`${dropped} dropped\n`)
  for (let i = 0; i < 10_000; i++) sink.write(`line ${i} ${'x'.repeat(1000)}\n`)
  state.room = Number.POSITIVE_INFINITY
  // Before anything has left again, there is no place for it yet.
  sink.write('too early\n')
  vi.advanceTimersByTime(50)
  sink.write('later\n')
  const kept = lines().length - 2
  expect(lines().slice(-2)).toEqual([`${10_001 - kept} dropped`, 'later'])
  // 256 KiB of lines of a little more than 1,000 bytes.
  expect(kept).toBeGreaterThan(250)
  expect(kept).toBeLessThan(262)
})

test('one line may be longer than all that may wait', () => {
  const { sink, lines } = pipe()
  sink.write(`${'x'.repeat(1024 * 1024)}\n`)
  expect(lines()[0]).toHaveLength(1024 * 1024)
})

test('a reader that has gone, or a full disk, is borne, and lines arrive when it is over', () => {
  fakeTimers()
  const { state, sink, lines } = pipe(0)
  for (const fault of ['EPIPE', 'ENOSPC', 'EIO']) {
    state.fault = fault
    sink.write(`${fault}\n`)
    vi.advanceTimersByTime(1000)
  }
  state.room = 1000
  vi.advanceTimersByTime(50)
  expect(lines()).toEqual(['EPIPE', 'ENOSPC', 'EIO'])
})

test('the last words of a process wait for a slow reader, and neither for one that takes nothing nor for one that has gone', () => {
  let taken = ''
  let attempts = 0
  const sink = new LineSink((bytes) => {
    attempts += 1
    if (attempts % 3 !== 0) throw Object.assign(new Error('EAGAIN'), { code: 'EAGAIN' })
    taken += Buffer.from(bytes).toString()
    return bytes.length
  })
  for (const line of ['one\n', 'two\n', 'three\n']) sink.write(line)
  sink.flushSync()
  expect(taken).toBe('one\ntwo\nthree\n')
  const full = pipe(0)
  full.sink.write('never\n')
  full.sink.flushSync()
  const gone = pipe(0)
  gone.state.fault = 'EPIPE'
  gone.sink.write('never\n')
  gone.sink.flushSync()
  expect([full.lines(), gone.lines()]).toEqual([[], []])
})

test.each(['info', 'error'] as const)('a log of level %s says in a warning of its own how many lines are missing', (level) => {
  fakeTimers()
  const { state, sink, lines } = pipe(0)
  const logger = createLogger('n1', level, sink)
  for (let i = 0; i < 5000; i++) logger.error({}, 'x'.repeat(100))
  state.room = Number.POSITIVE_INFINITY
  vi.advanceTimersByTime(50)
  logger.error({}, 'later')
  const told = lines().map((line) => JSON.parse(line) as object)
  expect(told.slice(-2)).toEqual([
    expect.objectContaining({ level: 40, member: 'n1', dropped: 5000 - told.length + 2 }),
    expect.objectContaining({ level: 50, msg: 'later' }),
  ])
})

test('errors of a member within a program are dropped and counted while nobody takes what the program says', () => {
  const said: string[] = []
  const stream = { writableLength: 0, write: (text: string) => said.push(text) > 0, listeners: () => [], on: vi.fn() }
  const write = errorsOnStderr(() => stream as unknown as NodeJS.WriteStream)
  write('one\n')
  stream.writableLength = 100_000
  write('two\n')
  write('three\n')
  stream.writableLength = 0
  write('four\n')
  expect(said).toEqual(['one\n', 'raft: errors are missing here, as nobody took them: 2\nfour\n'])
  expect(stream.on).toHaveBeenCalledWith('error', expect.any(Function))
})
