import { describe, expect, it } from 'vitest'
import { at, Datagrams, equal } from './support.js'

const SEEDS = Array.from({ length: 20 }, (_, i) => i + 1)
const numbered = (n: number, length = 40) => new Uint8Array(length).fill(n)

describe('datagrams', () => {
  it('arrive as they were when they were sent, from where they came, and never from inside send', async () => {
    const all = new Datagrams(1)
    const [a, b] = [await all.open('a'), await all.open('b')]
    const parts = [Uint8Array.of(1, 2), Uint8Array.of(), Uint8Array.of(3)]
    a.socket.send(parts, at('b'))
    parts[0]?.fill(9)
    expect(b.received).toEqual([])
    await all.run(100)
    expect(b.received.map(({ bytes, from }) => [[...bytes], from])).toEqual([[[1, 2, 3], at('a')]])
  })

  it('belong to who receives them: what is done to one copy is not seen in the other, nor by who sent it', async () => {
    for (const isWatched of [true, false]) {
      const all = new Datagrams(2)
      const [a, b] = [await all.open('a'), await all.open('b')]
      const original = numbered(5)
      const seen: Uint8Array[] = [original]
      if (isWatched) all.network.filter = ({ bytes }) => seen.push(bytes) > 0
      all.links.conditions.duplication = 1
      a.socket.send([original], at('b'))
      await all.run(100)
      b.received[0]?.bytes.fill(0)
      for (const bytes of [...seen, b.received[1]?.bytes]) expect(bytes).toEqual(numbered(5))
    }
  })

  it('are lost, repeated, overtaken and changed at the rates of the links, and counted', async () => {
    for (const seed of SEEDS) {
      const all = new Datagrams(seed)
      const [a, b] = [await all.open('a'), await all.open('b')]
      Object.assign(all.links.conditions, { loss: 0.2, duplication: 0.2, lateness: 0.2, corruption: 0.2 })
      for (let i = 0; i < 200; i++) {
        a.socket.send([numbered(i)], at('b'))
        await all.run(1)
      }
      await all.run(1000)
      const whole = b.received.filter(({ bytes }) => bytes.length === 40 && equal(bytes, numbered(bytes[0] as number)))
      const numbers = whole.map(({ bytes }) => bytes[0] as number)
      const { counts } = all.world
      const many = (what: string) => counts.get(what) ?? 0
      expect(b.received).toHaveLength(200 + many('duplicated') - many('lost'))
      expect(b.received.length - whole.length).toBe(many('corrupted'))
      expect(Math.min(many('lost'), many('duplicated'), many('late'), many('corrupted'))).toBeGreaterThan(15)
      expect(new Set(numbers).size).toBeLessThan(numbers.length)
      expect(numbers).not.toEqual(numbers.toSorted((x, y) => x - y))
    }
  })

  it('are flipped, cut short, made longer or replaced when they are changed', async () => {
    const all = new Datagrams(3)
    const [a, b] = [await all.open('a'), await all.open('b')]
    all.links.conditions.corruption = 1
    for (let i = 0; i < 300; i++) a.socket.send([numbered(7)], at('b'))
    await all.run(100)
    const lengths = b.received.map(({ bytes }) => bytes.length)
    expect(b.received.some(({ bytes }) => equal(bytes, numbered(7)))).toBe(false)
    expect(Math.min(...lengths)).toBeLessThan(40)
    expect(Math.max(...lengths)).toBeGreaterThan(40)
    expect(lengths.filter((length) => length === 40).length).toBeGreaterThan(150)
    const garbage = b.received.filter(({ bytes }) => bytes.length > 8 && bytes.filter((byte) => byte === 7).length < 3)
    expect(garbage.length).toBeGreaterThan(10)
  })

  it('go nowhere over a cut, in the direction that is cut', async () => {
    const all = new Datagrams(4)
    const [a, b] = [await all.open('a'), await all.open('b')]
    all.links.cut('a', 'b')
    a.socket.send([numbered(1)], at('b'))
    b.socket.send([numbered(2)], at('a'))
    await all.run(100)
    expect([a.received.length, b.received.length]).toEqual([1, 0])
    all.links.mend()
    a.socket.send([numbered(3)], at('b'))
    await all.run(100)
    expect(b.received).toHaveLength(1)
  })

  it('that are larger than the way carries vanish, and larger than UDP are refused by the system', async () => {
    const all = new Datagrams(5, { largestCarried: 1472 })
    const [a, b] = [await all.open('a'), await all.open('b')]
    for (const length of [1472, 1473, 65_508]) a.socket.send([new Uint8Array(length)], at('b'))
    expect(a.errors).toEqual([])
    await all.run(100)
    expect(b.received.map(({ bytes }) => bytes.length)).toEqual([1472])
    expect(a.errors).toEqual(['send EMSGSIZE'])
  })

  it('that are larger than one way carries vanish on that way alone', async () => {
    const all = new Datagrams(5)
    const [a, b] = [await all.open('a'), await all.open('b')]
    all.network.narrow('a', 'b', 1300)
    for (const length of [1300, 1301]) {
      a.socket.send([new Uint8Array(length)], at('b'))
      b.socket.send([new Uint8Array(length)], at('a'))
    }
    await all.run(100)
    expect([a, b].map(({ received }) => received.map(({ bytes }) => bytes.length).sort())).toEqual([[1300, 1301], [1300]])
    expect(all.world.counts.get('too large for the path')).toBe(1)
  })

  it('to nobody, or to no place at all, are gone', async () => {
    const all = new Datagrams(6)
    const a = await all.open('a')
    a.socket.send([numbered(1)], { address: '66.6.6.6', port: 6 })
    a.socket.send([numbered(1)], null)
    await all.run(100)
    expect(a.errors).toEqual(['send EDESTADDRREQ'])
    expect(a.refusals).toEqual([])
  })
})

describe('the receive buffer', () => {
  it('fills while the process is paused, by what the system counts, and what it has no room for is gone', async () => {
    const all = new Datagrams(7, { receiveBufferBytes: 64 * 1024 })
    const [a, b] = [await all.open('a'), await all.open('b')]
    b.host.pause(1000)
    for (let i = 0; i < 100; i++) a.socket.send([numbered(i, 1200)], at('b'))
    await all.run(500)
    expect(b.received).toEqual([])
    await all.run(600)
    // 1,200 bytes count as 2,560.
    expect(b.received).toHaveLength(25)
    expect(all.world.counts.get('overrun')).toBe(75)
    expect(new Set(b.received.map(({ at }) => at)).size).toBe(1)
    a.socket.send([numbered(0, 1200)], at('b'))
    await all.run(100)
    expect(b.received).toHaveLength(26)
  })

  it('overruns when the process is slow', async () => {
    const all = new Datagrams(8, { receiveBufferBytes: 64 * 1024, readingDelay: 20 })
    const [a, b] = [await all.open('a'), await all.open('b')]
    for (let i = 0; i < 100; i++) a.socket.send([numbered(i, 1200)], at('b'))
    await all.run(1000)
    expect(b.received.length + (all.world.counts.get('overrun') ?? 0)).toBe(100)
    expect(b.received.length).toBeLessThan(60)
    expect(b.received.length).toBeGreaterThanOrEqual(25)
  })
})

describe('a connected socket', () => {
  it('hears its remote and nobody else', async () => {
    const all = new Datagrams(9)
    const [b, c] = [await all.open('b'), await all.open('c')]
    const a = await all.open('a', at('b'))
    a.socket.send([numbered(1)], null)
    await all.run(100)
    const from = b.received[0]?.from ?? at('a')
    expect(from).toEqual(a.socket.local)
    for (const other of [b, c]) other.socket.send([numbered(2)], from)
    await all.run(100)
    expect(a.received.map((one) => one.from)).toEqual([at('b')])
  })

  it('is told that nobody listens, as often as the network says, and only if that gets through', async () => {
    const all = new Datagrams(10)
    const a = await all.open('a', at('b'))
    a.socket.send([numbered(1)], null)
    expect(a.refusals).toEqual([])
    await all.run(100)
    expect([a.refusals.length, all.world.counts.get('refused')]).toEqual([1, 1])
    all.links.cut('b', 'a')
    a.socket.send([numbered(1)], null)
    await all.run(100)
    all.links.mend()
    all.network.conditions.refusals = 0
    a.socket.send([numbered(1)], null)
    await all.run(100)
    expect(a.refusals).toHaveLength(1)
  })

  it('that was closed meanwhile is not told', async () => {
    const all = new Datagrams(16)
    const a = await all.open('a', at('b'))
    a.socket.send([numbered(1)], null)
    a.host.pause(100)
    await all.run(50)
    expect(all.world.counts.get('refused')).toBe(1)
    a.socket.close()
    await all.run(100)
    expect(a.refusals).toEqual([])
  })

  it('is the only one that is told', async () => {
    const all = new Datagrams(11)
    const a = await all.open('a')
    a.socket.send([numbered(1)], at('b'))
    await all.run(100)
    expect(a.refusals).toEqual([])
  })
})

describe('a socket', () => {
  it('that is closed sends, receives and reports nothing, also of what is under way, and its port is free', async () => {
    const all = new Datagrams(12)
    const [a, b] = [await all.open('a'), await all.open('b')]
    a.socket.send([numbered(1)], at('b'))
    b.socket.close()
    b.socket.close()
    b.socket.send([numbered(2)], at('a'))
    const again = await all.open('b')
    a.socket.send([numbered(3)], at('b'))
    again.socket.send([new Uint8Array(70_000)], at('a'))
    again.socket.close()
    await all.run(100)
    expect([a.received.length, b.received.length, again.received.length, again.errors.length]).toEqual([0, 0, 0, 0])
  })

  it('of a dead process hears nothing and says nothing, and the next life has the port', async () => {
    const all = new Datagrams(13)
    const [a, b] = [await all.open('a'), await all.open('b')]
    b.host.pause(50)
    a.socket.send([numbered(1)], at('b'))
    await all.run(20)
    const next = await all.open('b')
    b.socket.send([numbered(2)], at('a'))
    a.socket.send([numbered(3)], at('b'))
    await all.run(200)
    expect([a.received.length, b.received.length]).toEqual([0, 0])
    expect(next.received.map(({ bytes }) => bytes[0])).toEqual([3])
    b.socket.close()
    a.socket.send([numbered(4)], at('b'))
    await all.run(100)
    expect(next.received).toHaveLength(2)
  })

  it('is bound where nobody is, on an address of its host, or on a free port', async () => {
    const all = new Datagrams(14)
    const { incarnation } = await all.open('a')
    const outcomes: string[] = []
    const nothing = { onDatagram: () => {}, onRefused: () => {}, onError: () => {} }
    for (const local of [
      at('a'),
      at('b'),
      { address: '0.0.0.0', port: 7000 },
      { address: '0.0.0.0', port: 8000 },
      at('a', 0),
      at('a', 0),
    ]) {
      all.network.sockets(incarnation).bind(local, nothing, (error, socket) => {
        outcomes.push(error?.message ?? `${socket?.local.address}:${socket?.local.port === 8000 ? 8000 : 'any'}`)
      })
    }
    expect(outcomes).toEqual([])
    await all.run(1)
    expect(outcomes.toSorted()).toEqual([
      '10.0.0.1:8000',
      '10.0.0.1:any',
      '10.0.0.1:any',
      'bind EADDRINUSE 0.0.0.0:7000',
      'bind EADDRINUSE 10.0.0.1:7000',
      'bind EADDRNOTAVAIL 10.0.0.2:7000',
    ])
  })

  it('finds hosts by their names', async () => {
    const all = new Datagrams(15)
    const { incarnation } = await all.open('a')
    all.links.join('late')
    const found = new Map<string, readonly string[]>()
    for (const name of ['b', 'late', '10.9.9.9', 'nobody'])
      all.network.sockets(incarnation).lookup(name, (_, addresses) => found.set(name, addresses))
    await all.run(1)
    expect(Object.fromEntries(found)).toEqual({ b: ['10.0.0.2'], late: ['10.0.0.4'], '10.9.9.9': ['10.9.9.9'], nobody: [] })
  })
})

describe('a name with a dead end', () => {
  it('means that address first, at which nobody is', async () => {
    const all = new Datagrams(16)
    const { incarnation } = await all.open('a')
    all.network.addDeadEnd('b', '10.255.0.2', false)
    const found: (readonly string[])[] = []
    all.network.sockets(incarnation).lookup('b', (_, addresses) => found.push(addresses))
    await all.run(1)
    expect(found).toEqual([['10.255.0.2', '10.0.0.2']])
  })

  it.each([true, false])('that refuses (%s) says so to connected sockets, and takes nothing', async (refuses) => {
    const all = new Datagrams(17)
    const { incarnation } = await all.open('a')
    all.network.addDeadEnd('b', '10.255.0.2', refuses)
    const told: string[] = []
    const events = { onDatagram: () => {}, onRefused: () => void told.push('refused'), onError: () => {} }
    all.network.sockets(incarnation).connect({ address: '10.255.0.2', port: 7000 }, events, (_, socket) => {
      socket?.send([Buffer.from('hello')], null)
    })
    await all.run(10)
    expect(told).toEqual(refuses ? ['refused'] : [])
  })
})

it('the same seed gives the same datagrams at the same times', async () => {
  const run = async (seed: number) => {
    const all = new Datagrams(seed, { readingDelay: 1 })
    const [a, b] = [await all.open('a'), await all.open('b')]
    Object.assign(all.links.conditions, { loss: 0.2, duplication: 0.2, lateness: 0.2, corruption: 0.2 })
    for (let i = 0; i < 100; i++) a.socket.send([numbered(i)], at('b'))
    await all.run(1000)
    return b.received
  }
  expect(await run(1)).toEqual(await run(1))
  expect(await run(1)).not.toEqual(await run(2))
})
