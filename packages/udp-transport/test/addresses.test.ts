import { createSocket, type Socket } from 'node:dgram'
import { nodeClock } from '@raft/system'
import { afterEach, describe, expect, it } from 'vitest'
import { type DatagramSocket, nodeSockets, type TransportProblem, UdpTransport, type UdpTransportOptions } from '../src/index.js'
import { arrivedRounds, heartbeat, KEY, type Station } from './support/cluster.js'

const open: { close(): unknown }[] = []
afterEach(async () => {
  for (const one of open.splice(0)) await one.close()
})

/** What names mean, for all members of a test. Names that are not in it cannot be resolved. */
type Names = Map<string, readonly string[]>

interface RealStation extends Station {
  readonly problems: TransportProblem[]
  readonly lookups: string[]
  readonly port: number
}

async function start(id: string, bind: string, names: Names, options: Partial<UdpTransportOptions> = {}): Promise<RealStation> {
  const problems: TransportProblem[] = []
  const lookups: string[] = []
  const transport = new UdpTransport({
    id,
    clusterId: 'addresses',
    bind,
    secrets: [KEY],
    onProblem: (problem) => problems.push(problem),
    socket: {
      ...nodeSockets,
      lookup: (host, done) => {
        if (!host.endsWith('.test')) return nodeSockets.lookup(host, done)
        lookups.push(host)
        const found = names.get(host)
        setImmediate(() => (found === undefined ? done(new Error(`getaddrinfo ENOTFOUND ${host}`), []) : done(null, found)))
      },
    },
    ...options,
  })
  open.push(transport)
  const received: Station['received'] = []
  const unreachable: string[] = []
  transport.attach(0, {
    onMessage: (from, message) => received.push({ from, message }),
    onUnreachable: (peer) => unreachable.push(peer),
  })
  await transport.start()
  return { id, transport, received, unreachable, problems, lookups, port: transport.local?.port as number }
}

/** The peer by the name that this member is given for it. */
function know(station: RealStation, peer: RealStation, name = `${peer.id}.test`): void {
  station.transport.setMembers(0, [
    { id: station.id, addresses: {} },
    { id: peer.id, addresses: { peer: `${name}:${peer.port}` } },
  ])
}

/** A port at which everything is received and nothing answered. Resolves with what it has received so far, counted. */
async function silentAt(address: string, port: number): Promise<() => number> {
  const socket: Socket = createSocket(address.includes(':') ? 'udp6' : 'udp4')
  let count = 0
  socket.on('message', () => {
    count += 1
  })
  await new Promise<void>((resolve) => socket.bind({ address, port, exclusive: true }, resolve))
  open.push({ close: () => new Promise<void>((resolve) => socket.close(() => resolve())) })
  return () => count
}

/** Both say something every 20 ms, until each has heard what the other said last; how long that took, in ms. */
async function untilBothHear(a: RealStation, b: RealStation, timeout = 10_000): Promise<number> {
  const startedAt = performance.now()
  const heard = [a.received.length, b.received.length] as const
  for (let round = 1; a.received.length === heard[0] || b.received.length === heard[1]; round++) {
    if (performance.now() - startedAt > timeout) throw new Error(`they do not hear each other: ${a.received.length}, ${b.received.length}`)
    a.transport.send(b.id, heartbeat(round))
    b.transport.send(a.id, heartbeat(round))
    await pause(20)
  }
  return performance.now() - startedAt
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

describe('a name with several addresses', () => {
  it('of which the first refuses: both members are reached at the second, at once', async () => {
    const names: Names = new Map()
    const a = await start('a', '127.0.0.1:0', names)
    const b = await start('b', '127.0.0.1:0', names)
    for (const name of ['a.test', 'b.test']) names.set(name, ['::1', '127.0.0.1'])
    know(a, b)
    know(b, a)
    await untilBothHear(a, b)
    // The first hello to each was refused, and the second did not wait for its interval of 100 ms.
    expect(a.transport.counters().refused).toBeGreaterThan(0)
    expect(a.transport.counters().handshakesStarted).toBeLessThanOrEqual(3)
    expect([...a.unreachable, ...b.unreachable]).toEqual([])
  })

  it('of which the first swallows everything: both members are reached at the second', async () => {
    const names: Names = new Map()
    const a = await start('a', '127.0.0.1:0', names)
    const b = await start('b', '127.0.0.1:0', names)
    const silent = [await silentAt('::1', a.port), await silentAt('::1', b.port)]
    for (const name of ['a.test', 'b.test']) names.set(name, ['::1', '127.0.0.1'])
    know(a, b)
    know(b, a)
    await untilBothHear(a, b)
    const swallowed = silent.map((count) => count())
    expect(swallowed.every((count) => count > 0)).toBe(true)
    // What answers is kept: nothing is tried at the other address any more.
    await pause(300)
    const before = silent.map((count) => count())
    for (let round = 0; round < 20; round++) await untilBothHear(a, b)
    expect(silent.map((count) => count())).toEqual(before)
  })

  it('that both answer: one is chosen, and kept', async () => {
    const names: Names = new Map([
      ['a.test', ['127.0.0.1']],
      ['b.test', ['::1', '127.0.0.1']],
    ])
    const a = await start('a', '127.0.0.1:0', names)
    const b = await start('b', '[::]:0', names)
    know(a, b)
    know(b, a)
    await untilBothHear(a, b)
    await pause(300)
    const { sessionsOpened } = a.transport.counters()
    for (let round = 0; round < 20; round++) await untilBothHear(a, b)
    expect(a.transport.counters().sessionsOpened).toBe(sessionsOpened)
    expect(b.transport.counters().sessionsOpened).toBeLessThanOrEqual(2)
  })

  it('one member is bound to IPv4 only and the other to both families, and each is named by both', async () => {
    const names: Names = new Map()
    const a = await start('a', '0.0.0.0:0', names)
    const b = await start('b', '[::]:0', names)
    for (const name of ['a.test', 'b.test']) names.set(name, ['::1', '127.0.0.1'])
    know(a, b)
    know(b, a)
    await untilBothHear(a, b)
    expect([...a.unreachable, ...b.unreachable]).toEqual([])
  })

  it('names mean other addresses to one member than to the other, the silent ones first: they find each other', async () => {
    const names: Names = new Map([
      ['a-seen-by-b.test', ['127.0.0.9', '127.0.0.1']],
      ['b-seen-by-a.test', ['127.0.0.8', '127.0.0.7', '127.0.0.1']],
    ])
    const a = await start('a', '127.0.0.1:0', names)
    const b = await start('b', '127.0.0.1:0', names)
    await silentAt('127.0.0.9', a.port)
    await silentAt('127.0.0.8', b.port)
    know(a, b, 'b-seen-by-a.test')
    know(b, a, 'a-seen-by-b.test')
    await untilBothHear(a, b)
  })

  it('nobody listens at any of them: that is told', async () => {
    const names: Names = new Map([['gone.test', ['::1', '127.0.0.1']]])
    const a = await start('a', '127.0.0.1:0', names)
    const gone = await start('gone', '127.0.0.1:0', names)
    await gone.transport.close()
    know(a, gone)
    const deadline = performance.now() + 5000
    while (a.unreachable.length === 0 && performance.now() < deadline) await pause(10)
    expect(a.unreachable).toContain('gone')
  })
})

describe('an address that falls silent', () => {
  it('one way only, so that the other member is heard all the time: the next address is used within seconds', async () => {
    const names: Names = new Map([
      ['a.test', ['127.0.0.1']],
      ['b.test', ['127.0.0.5', '127.0.0.1']],
    ])
    let isCut = false
    const a = await start('a', '127.0.0.1:0', names, {
      socket: {
        ...nodeSockets,
        connect: (remote, handlers, done) =>
          nodeSockets.connect(remote, handlers, (error, socket) => done(error, socket === null ? null : cuttable(socket, remote.address))),
        lookup: (host, done) => done(null, names.get(host) ?? [host]),
      },
    })
    const cuttable = (socket: DatagramSocket, address: string): DatagramSocket => ({
      local: socket.local,
      receiveBufferBytes: socket.receiveBufferBytes,
      maxDatagramBytes: socket.maxDatagramBytes,
      send: (parts, to) => {
        if (!isCut || address !== '127.0.0.5') socket.send(parts, to)
      },
      close: () => socket.close(),
    })
    const b = await start('b', '0.0.0.0:0', names)
    know(a, b)
    know(b, a)
    await untilBothHear(a, b)
    isCut = true
    expect(await untilBothHear(a, b)).toBeLessThan(5000)
  })
})

describe('a name that changes', () => {
  it('means the address to which the member has moved: it is found there within seconds, by a new process', async () => {
    const names: Names = new Map([['a.test', ['127.0.0.1']]])
    const a = await start('a', '127.0.0.1:0', names)
    const b = await start('b', '127.0.0.2:0', names)
    names.set('b.test', ['127.0.0.2'])
    know(a, b)
    know(b, a)
    await untilBothHear(a, b)
    await b.transport.close()
    await silentAt('127.0.0.2', b.port)
    names.set('b.test', ['127.0.0.3'])
    const again = await start('b', `127.0.0.3:${b.port}`, names)
    know(again, a)
    expect(await untilBothHear(a, again)).toBeLessThan(5000)
  })

  it('means another address while the one in use works: nothing changes', async () => {
    const names: Names = new Map([['a.test', ['127.0.0.1']]])
    const a = await start('a', '127.0.0.1:0', names)
    const b = await start('b', '127.0.0.2:0', names)
    names.set('b.test', ['127.0.0.2'])
    know(a, b)
    know(b, a)
    await untilBothHear(a, b)
    const other = await silentAt('127.0.0.4', b.port)
    names.set('b.test', ['127.0.0.4'])
    for (let round = 0; round < 20; round++) await untilBothHear(a, b)
    expect(other()).toBe(0)
    expect(a.transport.counters().sessionsOpened).toBeLessThanOrEqual(2)
  })

  it('is not known at first: it is looked up again, seldom, and the member is found when it is', async () => {
    const names: Names = new Map([['a.test', ['127.0.0.1']]])
    const a = await start('a', '127.0.0.1:0', names)
    const b = await start('b', '127.0.0.1:0', names)
    know(a, b)
    // Nobody says anything to a, so that it has to find b itself.
    for (let round = 0; round < 50; round++) {
      a.transport.send('b', heartbeat(round))
      await pause(10)
    }
    expect(a.lookups).toEqual(['b.test'])
    // Its owner is told why after ten seconds: silence.test.ts.
    expect(a.transport.peers()).toMatchObject([{ id: 'b', trouble: 'its name cannot be resolved' }])
    names.set('b.test', ['127.0.0.1'])
    b.transport.setMembers(0, [{ id: 'a', addresses: {} }])
    const deadline = performance.now() + 10_000
    while (arrivedRounds(b).length === 0 && performance.now() < deadline) {
      a.transport.send('b', heartbeat(99))
      await pause(20)
    }
    expect(arrivedRounds(b)).toContain(99)
    expect(a.lookups.length).toBeLessThanOrEqual(4)
  })

  it('cannot be resolved any more, while it is not known that the address has changed: the former addresses are tried', async () => {
    const names: Names = new Map([
      ['a.test', ['127.0.0.1']],
      ['b.test', ['127.0.0.1']],
    ])
    const a = await start('a', '127.0.0.1:0', names)
    const b = await start('b', '127.0.0.1:0', names)
    know(a, b)
    know(b, a)
    await untilBothHear(a, b)
    await b.transport.close()
    names.clear()
    // Long enough for a handshake to be given up, upon which the name is looked up.
    const startedAt = performance.now()
    while (a.lookups.length < 3 && performance.now() - startedAt < 15_000) {
      a.transport.send('b', heartbeat(1))
      await pause(50)
    }
    names.set('a.test', ['127.0.0.1'])
    const again = await start('b', `127.0.0.1:${b.port}`, names)
    know(again, a)
    await untilBothHear(a, again)
    expect(a.problems).toEqual([])
  })
})

describe('the name that a member is bound to', () => {
  it('means an address that this machine has not, and one that it has: the second is taken', async () => {
    const names: Names = new Map([['own.test', ['203.0.113.1', '127.0.0.1']]])
    const a = await start('a', 'own.test:0', names)
    expect(a.transport.local?.address).toBe('127.0.0.1')
  })

  it('means an address whose port is taken: it is not started at another', async () => {
    const names: Names = new Map()
    const b = await start('b', '127.0.0.1:0', names)
    names.set('own.test', ['127.0.0.1', '127.0.0.2'])
    await expect(start('a', `own.test:${b.port}`, names)).rejects.toThrow('EADDRINUSE')
  })
})

it('a socket for both families sends to IPv4 addresses, however they are written', async () => {
  const arrived = new Promise<Uint8Array>((resolve, reject) => {
    const handlers = { onDatagram: resolve, onRefused: () => {}, onError: reject }
    nodeSockets.bind({ address: '127.0.0.1', port: 0 }, handlers, (_, receiver) => {
      nodeSockets.bind({ address: '::', port: 0 }, handlers, (error, sender) => {
        if (receiver === null || sender === null) return reject(error)
        open.push(receiver, sender)
        sender.send([Buffer.from('here')], { address: '127.0.0.1', port: receiver.local.port })
      })
    })
  })
  expect(Buffer.from(await arrived).toString()).toBe('here')
})

describe('a member that is taken away', () => {
  it('in the turn in which it was added leaves no timer behind', async () => {
    const timers = new Set<object>()
    const clock = {
      ...nodeClock,
      schedule: (time: number, callback: () => void) => {
        const timer = {}
        timers.add(timer)
        const cancel = nodeClock.schedule(time, () => {
          timers.delete(timer)
          callback()
        })
        return () => {
          timers.delete(timer)
          cancel()
        }
      },
    }
    const names: Names = new Map([['b.test', ['127.0.0.1']]])
    const a = await start('a', '127.0.0.1:0', names, { clock })
    for (let i = 0; i < 10; i++) {
      know(a, { ...a, id: 'b' })
      a.transport.setMembers(0, [{ id: 'a', addresses: {} }])
      await pause(5)
    }
    expect(timers.size).toBe(0)
  })
})
