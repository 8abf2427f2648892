import { describe, expect, it } from 'vitest'
import { command, World } from '../support/world.js'

const followersIn = (world: World, leader: string) =>
  new Map(
    world
      .node(leader)
      .status()
      .followers.map((one) => [one.id, one]),
  )

describe('what a leader says of its followers', () => {
  it('how long ago each has answered last, and how many entries it lacks', async () => {
    const world = new World()
    const leader = await world.start()
    const [lost, other] = world.followers(leader).map(({ id }) => id) as [string, string]
    await world.clock.advance(200)
    for (const { heardAgo, lag } of followersIn(world, leader.id).values()) {
      expect(heardAgo).toBeLessThanOrEqual(60)
      expect(lag).toBe(0)
    }
    await world.node(lost).stop()
    for (let i = 0; i < 3; i++) leader.propose(command(1)).catch(() => {})
    await world.clock.advance(10_000)
    const followers = followersIn(world, leader.id)
    expect(followers.get(lost)).toMatchObject({ lag: 3 })
    expect(followers.get(lost)?.heardAgo).toBeGreaterThanOrEqual(9_900)
    expect(followers.get(other)).toMatchObject({ lag: 0 })
    expect(followers.get(other)?.heardAgo).toBeLessThanOrEqual(60)
  })

  it('that one which has answered nothing since it leads was never heard, though others were before', async () => {
    const world = new World()
    const first = await world.start()
    const [second, third] = world.followers(first) as [typeof first, typeof first]
    await world.clock.advance(200)
    await first.stop()
    await world.clock.advance(2000)
    const leader = [second, third].find(({ role }) => role === 'leader') as typeof first
    const follower = leader === second ? third : second
    expect(followersIn(world, leader.id).get(first.id)?.heardAgo).toBeNull()
    expect(followersIn(world, leader.id).get(follower.id)?.heardAgo).not.toBeNull()
  })

  it('nothing, where it does not lead', async () => {
    const world = new World()
    const leader = await world.start()
    for (const follower of world.followers(leader)) expect(follower.status().followers).toEqual([])
  })
})
