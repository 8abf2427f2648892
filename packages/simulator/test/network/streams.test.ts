import { describe, expect, it } from 'vitest'
import { End, SMOOTH, Streams } from './stream-support.js'

const SEEDS = Array.from({ length: 60 }, (_, i) => i + 1)
const bytesFrom = (first: number, length: number) => Uint8Array.from({ length }, (_, i) => (first + i) % 251)

/** Half closed when the other side has sent all it had. */
class Halved extends End {
  readonly onEnd = () => this.events.push('end')
}

describe('a stream', () => {
  it('is opened, carries bytes both ways, and ends when either side closes it', async () => {
    const all = new Streams(1)
    const [client, server] = await all.pair()
    expect([client.told, server.told]).toEqual([['open'], ['open']])
    client.write(Uint8Array.of(1, 2))
    server.write(Uint8Array.of(3))
    expect([client.received, server.received]).toEqual([[], []])
    await all.run(50)
    expect([client.received, server.received]).toEqual([[3], [1, 2]])
    client.call((stream) => stream.close())
    await all.run(1000)
    expect(client.told).toEqual(['open'])
    expect(server.told[1]).toMatch(/^close/)
    expect(server.told).toHaveLength(2)
  })

  it('sends everything again that a cut has swallowed, once it hears the other side', async () => {
    const all = new Streams(20, { ...SMOOTH, patience: [60_000, 60_000] })
    const [client, server] = await all.pair()
    all.links.cut('c', 'a')
    for (let i = 0; i < 40; i++) {
      client.write(Uint8Array.of(i))
      await all.run(5)
    }
    expect(server.received).toEqual([])
    all.links.mend()
    await all.run(700)
    expect(server.received).toEqual(Array.from({ length: 40 }, (_, i) => i))
  })

  it('is reliable and in order whatever the links do, cut and joined anywhere', async () => {
    let [cut, joined] = [0, 0]
    for (const seed of SEEDS) {
      const all = new Streams(seed, { patience: [60_000, 60_000] })
      const [client, server] = await all.pair()
      await all.run(500)
      Object.assign(all.links.conditions, { loss: 0.2, duplication: 0.2, lateness: 0.2, corruption: 0.1 })
      const random = all.world.random('test')
      let sent = 0
      for (let i = 0; i < 60; i++) {
        const length = random.below(200)
        client.write(bytesFrom(sent, length))
        server.write(bytesFrom(sent, length))
        sent += length
        if (random.chance(0.5)) await all.run(random.below(5))
        if (random.chance(0.05)) all.client.pause(50)
      }
      await all.run(60_000)
      for (const end of [client, server]) expect([seed, end.told, end.received.length]).toEqual([seed, ['open'], sent])
      for (const end of [client, server]) expect(end.received).toEqual([...bytesFrom(0, sent)])
      cut += server.chunks.filter((chunk) => chunk.length < 10).length
      joined += server.chunks.filter((chunk) => chunk.length > 200).length
      expect(all.world.counts.get('corrupted')).toBeGreaterThan(0)
    }
    expect(cut).toBeGreaterThan(20)
    expect(joined).toBeGreaterThan(20)
  })

  it('joins what is written within a moment, if it is that kind of stream', async () => {
    const chunks = async (holding: number) => {
      const [client, server, all] = await new Streams(18, { ...SMOOTH, holding }).trio()
      for (let i = 0; i < 10; i++) client.write(Uint8Array.of(i))
      await all.run(100)
      expect(server.received).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
      return server.chunks.length
    }
    expect(await chunks(1)).toBe(1)
    expect(await chunks(0)).toBeGreaterThan(2)
  })

  it('leaves nothing behind when both sides have closed it', async () => {
    for (const seed of SEEDS) {
      const all = new Streams(seed)
      const [client, server] = await all.pair()
      client.write(bytesFrom(0, 100))
      server.call((stream) => stream.end())
      await all.run(20_000)
      const { events } = all.world
      await all.run(20_000)
      expect(all.world.events).toBe(events)
      expect(client.told).toEqual(expect.arrayContaining(['open']))
    }
  })

  it('hands over chunks that are the receiver’s own', async () => {
    const all = new Streams(2)
    const [client, server] = await all.pair()
    const sent = bytesFrom(1, 4)
    client.write(sent)
    await all.run(50)
    server.chunks[0]?.fill(0)
    expect(sent).toEqual(bytesFrom(1, 4))
  })

  it('has room for so much, says when there is enough, and when there is room again', async () => {
    const all = new Streams(3, { ...SMOOTH, windowBytes: 4096 })
    const [client, server] = await all.pair()
    let written = 0
    while (client.write(new Uint8Array(1000))) written += 1000
    written += 1000
    expect(client.stream?.waitingBytes).toBe(written - 4096)
    expect(written).toBeLessThan(4096 + 20_000)
    await all.run(1000)
    expect(client.told).toEqual(['open', 'drain'])
    expect(server.received).toHaveLength(written)
    expect(client.write(new Uint8Array(1000))).toBe(true)
  })

  it('makes the other side wait while nothing is read, for as long as that takes, and goes on after it', async () => {
    const all = new Streams(4, { ...SMOOTH, windowBytes: 4096, patience: [500, 500] })
    const [client, server] = await all.pair()
    server.call((stream) => stream.pause())
    const sent = bytesFrom(0, 50_000)
    client.write(sent)
    await all.run(20_000)
    expect(server.received).toEqual([])
    expect(client.stream?.waitingBytes).toBe(50_000 - 4096)
    server.call((stream) => stream.resume())
    await all.run(150)
    expect(server.received).toEqual([...sent])
    expect(client.told).toEqual(['open', 'drain'])
  })

  it('waits while the process is paused, and then tells everything in order', async () => {
    const all = new Streams(5)
    const [client, server] = await all.pair()
    all.server.pause(300)
    for (let i = 0; i < 20; i++) {
      client.write(Uint8Array.of(i))
      await all.run(10)
    }
    expect(server.received).toEqual([])
    await all.run(200)
    expect(server.received).toEqual(Array.from({ length: 20 }, (_, i) => i))
  })

  it('ends once everything written has left, and the other side gets all of it before the end', async () => {
    for (const seed of SEEDS) {
      const all = new Streams(seed, { ...SMOOTH, windowBytes: 2048, cutting: 0.3, patience: [20_000, 20_000] })
      const [client, server] = await all.pair()
      all.links.conditions.loss = 0.1
      server.write(bytesFrom(0, 10_000))
      server.call((stream) => stream.end())
      expect(server.write(Uint8Array.of(1))).toBe(false)
      await all.run(60_000)
      expect([seed, client.told, server.told, client.received.length]).toEqual([seed, ['open', 'close'], ['open', 'close'], 10_000])
      expect(client.received).toEqual([...bytesFrom(0, 10_000)])
      expect(client.write(Uint8Array.of(1))).toBe(false)
    }
  })

  it('can be half closed: who wants to hear of the end may still answer', async () => {
    const all = new Streams(6)
    all.serve(() => new Halved())
    const [client, server] = await all.pair()
    client.write(Uint8Array.of(1))
    client.call((stream) => stream.end())
    await all.run(100)
    expect(server.events).toEqual(['open', 'data', 'end'])
    server.write(Uint8Array.of(2))
    await all.run(100)
    // Who ended it has closed it: it does not take the answer.
    expect(server.told.at(-1)).toBe('close read ECONNRESET')
  })

  it('tells nothing after it was closed, from within a handler too', async () => {
    for (const seed of SEEDS) {
      const all = new Streams(seed, { ...SMOOTH, cutting: 0.5 })
      const [client, server] = await all.pair()
      client.write(bytesFrom(0, 1000))
      server.write(bytesFrom(0, 1000))
      const told = [client.events.length, server.events.length]
      client.call((stream) => stream.close())
      server.call((stream) => stream.close())
      await all.run(10_000)
      expect([client.events.length, server.events.length]).toEqual(told)
      expect(client.write(Uint8Array.of(1))).toBe(false)
    }
  })
})

describe('a partition', () => {
  it('makes a stream hang, and it goes on when that ends in time', async () => {
    const all = new Streams(7)
    const [client, server] = await all.pair()
    all.links.split(['c'])
    client.write(Uint8Array.of(1))
    await all.run(1000)
    expect(server.received).toEqual([])
    all.links.mend()
    await all.run(2000)
    expect(server.received).toEqual([1])
    expect(client.told).toEqual(['open'])
  })

  it('breaks a stream that waits for too long, and the other side learns of it when it sends', async () => {
    const all = new Streams(8)
    const [client, server] = await all.pair()
    all.links.split(['c'])
    client.write(Uint8Array.of(1))
    await all.run(8000)
    expect(client.told).toEqual(['open', 'close write ETIMEDOUT'])
    expect(all.world.counts.get('stream broken')).toBe(1)
    all.links.mend()
    await all.run(8000)
    expect(server.told).toEqual(['open'])
    server.write(Uint8Array.of(2))
    await all.run(100)
    expect(server.told).toEqual(['open', 'close read ECONNRESET'])
  })

  it('one way lets the bytes arrive, and who sent them does not know', async () => {
    const all = new Streams(9)
    const [client, server] = await all.pair()
    all.links.cut('a', 'c')
    client.write(Uint8Array.of(1))
    await all.run(8000)
    expect(server.received).toEqual([1])
    expect(client.told).toEqual(['open', 'close write ETIMEDOUT'])
  })
})

describe('connecting', () => {
  it('is refused where nobody listens, or not any more', async () => {
    const all = new Streams(10)
    const stop = all.serve()
    const other = all.connect('a:9001')
    await all.run(50)
    stop()
    const late = all.connect('a:9000')
    expect(late.events).toEqual([])
    await all.run(50)
    expect([other.events, late.events]).toEqual([['close connect ECONNREFUSED'], ['close connect ECONNREFUSED']])
    expect(all.world.counts.get('connection refused')).toBe(2)
  })

  it.each(['nobody:9000', 'nonsense', 'a:0'])('to %s finds no such place', async (address) => {
    const all = new Streams(11)
    const end = all.connect(address)
    await all.run(50)
    expect(end.events).toEqual([`close getaddrinfo ENOTFOUND ${address}`])
  })

  it('is given up when nothing comes back, and tried again meanwhile', async () => {
    const all = new Streams(12)
    all.serve()
    all.links.cut('c', 'a')
    const [lost, patient] = [all.connect(), all.connect()]
    lost.call((stream) => stream.close())
    await all.run(1000)
    all.links.mend()
    await all.run(2000)
    expect([lost.events, patient.events]).toEqual([[], ['open']])
    all.links.cut('a', 'c')
    const half = all.connect()
    half.write(Uint8Array.of(7))
    await all.run(10_000)
    expect(half.events).toEqual(['close connect ETIMEDOUT'])
    expect(all.accepted).toHaveLength(2)
    expect(all.accepted[1]?.received).toEqual([])
  })

  it('happens while the server is paused, which learns of it afterwards', async () => {
    const all = new Streams(13)
    all.serve()
    all.server.pause(500)
    const client = all.connect()
    client.write(Uint8Array.of(1))
    await all.run(300)
    expect([client.events, all.accepted]).toEqual([['open'], []])
    await all.run(300)
    expect(all.accepted[0]?.events).toEqual(['open', 'data'])
  })

  it('can be undone at once, and a server that has taken it hears of that', async () => {
    let taken = 0
    for (const seed of SEEDS) {
      const all = new Streams(seed)
      all.serve()
      const client = all.connect()
      await all.run(1)
      client.call((stream) => stream.close())
      await all.run(5000)
      expect(client.events.filter((event) => event !== 'open')).toEqual([])
      for (const { told } of all.accepted) expect(told.at(-1)).toMatch(/^close/)
      taken += all.accepted.length
    }
    expect(taken).toBeGreaterThan(20)
  })

  it('is answered again when the answer was lost', async () => {
    const all = new Streams(19)
    all.serve()
    all.links.cut('a', 'c')
    const client = all.connect()
    await all.run(150)
    expect([client.events.length, all.accepted.length]).toEqual([0, 1])
    all.links.mend()
    await all.run(600)
    expect([client.events, all.accepted.length]).toEqual([['open'], 1])
  })

  it('does not wait for an answer that is overtaken by what the server says', async () => {
    for (const seed of SEEDS) {
      const all = new Streams(seed)
      class Greeting extends End {
        override readonly onOpen = () => this.stream?.write(Uint8Array.of(1))
      }
      all.serve(() => new Greeting())
      const client = all.connect()
      await all.run(100)
      expect(client.events).toEqual(['open', 'data'])
    }
  })

  it('says nothing to a process that has died', async () => {
    for (const seed of SEEDS) {
      const all = new Streams(seed)
      all.serve()
      const client = all.connect()
      await all.run(0.5)
      const { length } = client.events
      all.client.end()
      await all.run(100)
      expect(client.events).toHaveLength(length)
    }
  })

  it('is refused by the system of a process that has died', async () => {
    const all = new Streams(20)
    all.serve()
    all.server.end()
    const client = all.connect()
    await all.run(100)
    expect(client.events).toEqual(['close connect ECONNREFUSED'])
  })

  it('finds a port that one process has at a time', () => {
    const all = new Streams(15)
    all.serve()
    const { incarnation } = all.server
    if (incarnation === null) throw new Error('no process')
    expect(() => all.network.listen(incarnation, 9000, () => new End())).toThrow(/EADDRINUSE/)
    expect(() => all.serve()).not.toThrow()
  })
})

describe('when a process dies', () => {
  it.each(['server', 'client'] as const)('the other side of the %s hears of it soon when the system there is up', async (who) => {
    const all = new Streams(16)
    const [client, server] = await all.pair()
    all[who].end()
    await all.run(100)
    const [dead, other] = who === 'server' ? [server, client] : [client, server]
    expect([dead.told, other.told]).toEqual([['open'], ['open', 'close read ECONNRESET']])
  })

  it('and its machine too, the other side learns of it only when it waits for an answer for too long', async () => {
    const all = new Streams(17, { ...SMOOTH, lastWords: 0 })
    const [client] = await all.pair()
    all.server.end()
    await all.run(20_000)
    expect(client.told).toEqual(['open'])
    client.write(Uint8Array.of(1))
    await all.run(20_000)
    expect(client.told).toEqual(['open', 'close write ETIMEDOUT'])
  })

  it('what it wrote may have arrived or not, and its next life knows nothing of its streams', async () => {
    let arrived = 0
    for (const seed of SEEDS) {
      const all = new Streams(seed, { ...SMOOTH, holding: 0.5, lastWords: 0 })
      const [client, server] = await all.pair()
      client.write(Uint8Array.of(1))
      await all.run(1)
      all.server.end()
      server.write(Uint8Array.of(9))
      await all.run(100)
      arrived += server.received.length
      all.serve()
      await all.run(2000)
      client.write(Uint8Array.of(2))
      await all.run(2000)
      expect(client.told).toEqual(['open', 'close read ECONNRESET'])
      expect(client.received).toEqual([])
      expect(all.accepted).toHaveLength(1)
      expect(server.received).not.toContain(2)
    }
    expect(arrived).toBeGreaterThan(10)
    expect(arrived).toBeLessThan(50)
  })
})

it('the same seed gives the same streams', async () => {
  const run = async (seed: number) => {
    const all = new Streams(seed, { cutting: 0.5, holding: 0.5 })
    const [client, server] = await all.pair()
    all.links.conditions.loss = 0.2
    for (let i = 0; i < 50; i++) client.write(bytesFrom(i, 50))
    await all.run(3000)
    return [all.world.events, server.chunks.map((chunk) => chunk.length)]
  }
  expect(await run(1)).toEqual(await run(1))
  expect(await run(1)).not.toEqual(await run(2))
})
