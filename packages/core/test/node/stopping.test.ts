import { describe, expect, it } from 'vitest'
import { ConfigurationError, NodeStoppedError, OutcomeUnknownError, StorageError } from '../../src/index.js'
import { command, outcome, World } from '../support/world.js'

describe('stopping', () => {
  it('fail() stops a member as an error of its own would: at once, and for good', async () => {
    const world = new World()
    const leader = await world.start()
    const fatal: Error[] = []
    leader.on('fatal', ({ error }) => fatal.push(error))
    const stopped = outcome(leader.stopped)
    const refused = new StorageError('refused')
    world.sent.length = 0
    leader.fail(refused)
    leader.fail(new Error('once more'))
    await world.clock.advance(300)
    expect(stopped.error).toBe(refused)
    expect(fatal).toEqual([refused])
    expect(world.sent.filter(({ from }) => from === leader.id)).toEqual([])
    const after = outcome(leader.propose(command(1)))
    await world.clock.settle()
    expect(after.error).toMatchObject({ code: 'RAFT_STOPPED', cause: refused })
  })

  it('trap 17: a failed write is final: the node stops, acknowledges nothing, and never writes again', async () => {
    const world = new World()
    const leader = await world.start()
    const [follower] = world.followers(leader)
    const id = follower?.id as string
    const fatal: Error[] = []
    follower?.on('fatal', ({ error }) => fatal.push(error))
    const stopped = outcome(follower?.stopped as Promise<void>)
    world.storage(id).failure = new Error('EIO: page lost')
    world.sent.length = 0
    void leader.propose(command(1))
    await world.clock.advance(300)
    expect(stopped.error).toBeInstanceOf(StorageError)
    expect(fatal).toEqual([stopped.error])
    expect((stopped.error as Error).message).toContain('EIO: page lost')
    expect(world.sent.filter(({ from, message }) => from === id && message.type === 'appendEntriesReply')).toEqual([])
    const { writes } = world.storage(id)
    world.storage(id).failure = null
    await world.clock.advance(3000)
    expect(world.storage(id).writes).toBe(writes)
    const after = outcome(follower?.propose(command(1)) as Promise<number>)
    await world.clock.settle()
    expect(after.error).toMatchObject({ code: 'RAFT_STOPPED', cause: stopped.error })
  })

  it('trap 17: a leader whose write fails tells its clients that the outcome is unknown', async () => {
    const world = new World()
    const leader = await world.start()
    world.storage(leader.id).failure = new Error('EIO')
    const lost = outcome(leader.propose(command(1)))
    const stopped = outcome(leader.stopped)
    await world.clock.settle()
    expect(lost.error).toBeInstanceOf(OutcomeUnknownError)
    expect(stopped.error).toBeInstanceOf(StorageError)
  })

  it('a state machine that throws stops the node, which says why', async () => {
    const world = new World()
    const leader = await world.start()
    const stopped = outcome(leader.stopped)
    world.machine(leader.id).failure = new Error('no such command')
    const lost = outcome(leader.propose(command(1)))
    await world.clock.advance(200)
    expect(stopped.error).toMatchObject({ message: 'no such command' })
    expect(lost.error).toBeInstanceOf(OutcomeUnknownError)
  })

  it('a state machine that rejects stops it too', async () => {
    const world = new World(['a'])
    const node = await world.start()
    const stopped = outcome(node.stopped)
    world.machine('a').apply = () => Promise.reject(new Error('later'))
    void node.propose(command(1)).catch(() => {})
    await world.clock.settle()
    expect(stopped.error).toMatchObject({ message: 'later' })
  })

  it.each(['sync', 'async'])(
    'a state machine that returns too few results, %s, stops the node rather than leave a client waiting',
    async (kind) => {
      const world = new World(['a'])
      const node = await world.start()
      const stopped = outcome(node.stopped)
      world.machine('a').apply = () => (kind === 'sync' ? [] : Promise.resolve([]))
      const lost = outcome(node.propose(command(1)))
      await world.clock.settle()
      expect(stopped.error).toMatchObject({ code: 'RAFT_ASSERTION', message: expect.stringContaining('0 results for the 1 entries') })
      expect(lost.error).toBeInstanceOf(OutcomeUnknownError)
    },
  )

  it.each(['sync', 'async'])('a done that throws, against its contract, stops the node and not the process: %s', async (kind) => {
    const world = new World(['a'])
    const node = await world.start()
    const stopped = outcome(node.stopped)
    const machine = world.machine('a')
    if (kind === 'async') machine.waiting = []
    node.submit(command(1), () => {
      throw new Error('mine')
    })
    await world.clock.settle()
    for (const release of machine.waiting ?? []) release()
    await world.clock.settle()
    expect(stopped.error).toMatchObject({ message: 'mine' })
  })

  it('what ports complete after the stop vanishes', async () => {
    const world = new World()
    const leader = await world.start()
    world.storage(leader.id).held = []
    const machine = world.machine(leader.id)
    const lost = outcome(leader.propose(command(1)))
    await world.clock.settle()
    await leader.stop()
    const { lastApplied } = machine
    world.sent.length = 0
    for (const finish of world.storage(leader.id).held ?? []) finish()
    await world.clock.advance(300)
    expect(world.sent.filter(({ from }) => from === leader.id)).toEqual([])
    expect(machine.lastApplied).toBe(lastApplied)
    expect(lost.error).toBeInstanceOf(OutcomeUnknownError)
  })

  it('results of an async state machine that come after the stop vanish', async () => {
    const world = new World(['a'])
    const node = await world.start()
    const machine = world.machine('a')
    machine.waiting = []
    const lost = outcome(node.propose(command(1)))
    await world.clock.settle()
    await node.stop()
    for (const release of machine.waiting) release()
    await world.clock.settle()
    expect(lost.error).toBeInstanceOf(OutcomeUnknownError)
    expect(outcome(node.stopped).error).toBeUndefined()
  })

  it.each(['onLeader', 'onFollower', 'transition', 'done', 'read', 'apply'])('stop() from inside %s is safe', async (where) => {
    const world = new World(['a'])
    const errors: unknown[] = []
    const stop = () => void node.stop()
    const node = world.add('a', where === 'onLeader' ? { onLeader: stop } : where === 'onFollower' ? { onFollower: stop } : {})
    node.on('callbackError', ({ error }) => errors.push(error))
    node.on('fatal', ({ error }) => errors.push(error))
    if (where === 'transition') node.on('transition', stop)
    if (where === 'apply') world.machine('a').onApply = stop
    await node.start()
    await world.clock.advance(2000)
    const others = outcome(node.propose(command(1)))
    if (where === 'done') node.submit(command(1), stop)
    if (where === 'read') node.submitRead(stop)
    const after = outcome(node.propose(command(1)))
    await world.clock.advance(500)
    expect([others.settled, after.settled]).toEqual([true, true])
    const late = outcome(node.propose(command(1)))
    const stopped = outcome(node.stopped)
    await world.clock.settle()
    expect(late.error).toBeInstanceOf(NodeStoppedError)
    expect([stopped.settled, stopped.error, errors]).toEqual([true, undefined, []])
  })

  it('a node starts once, and not after it was stopped', async () => {
    const world = new World(['a'])
    const node = await world.start()
    await expect(node.start()).rejects.toBeInstanceOf(NodeStoppedError)
    const other = new World(['a']).add('a')
    await other.stop()
    await expect(other.start()).rejects.toBeInstanceOf(NodeStoppedError)
  })

  it('a node that is stopped while it starts does not run', async () => {
    const world = new World(['a'])
    const node = world.add('a')
    const starting = outcome(node.start())
    await node.stop()
    await world.clock.advance(3000)
    expect(starting.error).toBeInstanceOf(NodeStoppedError)
    expect([node.role, world.sent]).toEqual(['follower', []])
  })

  it('a member that restarts goes on with what it had stored', async () => {
    const world = new World()
    const leader = await world.start()
    void leader.propose(command(4))
    await world.clock.advance(200)
    const { currentTerm } = leader
    await leader.stop()
    const again = world.add(leader.id)
    await again.start()
    expect(again.currentTerm).toBe(currentTerm)
    await world.clock.advance(3000)
    expect(world.machine(leader.id).value).toBe(4)
  })

  it.each([
    [{ electionTimeout: 0 }, /electionTimeout/],
    [{ heartbeatInterval: 200 }, /at most a third/],
    [{ maxPending: 1.5 }, /maxPending/],
    [{ members: [] }, /members/],
    [{ members: [{ id: 'z', addresses: {} }] }, /a is not among z/],
    [{ maxAppendBytes: Number.NaN }, /maxAppendBytes/],
    [
      {
        members: [
          { id: 'a', addresses: {} },
          { id: 'b\ud800', addresses: {} },
        ],
      },
      /"b\\ud800".*lone surrogates/,
    ],
    [
      {
        members: [
          { id: 'a', addresses: {} },
          { id: '', addresses: {} },
        ],
      },
      /members: the id ""/,
    ],
  ])('options %j are refused by name', (options, message) => {
    const world = new World(['a'])
    expect(() => world.add('a', options)).toThrow(ConfigurationError)
    expect(() => world.add('a', options)).toThrow(message)
  })
})
