import { describe, expect, it } from 'vitest'
import type { Transport } from '../../src/index.js'
import { scenario } from '../support/scenario.js'
import { World } from '../support/world.js'

describe('the members', () => {
  it('are told to the transport once it delivers, before anything is sent, and once', async () => {
    const world = new World(['a', 'b', 'c'])
    const calls: string[] = []
    const transport: Transport = {
      attach: (group) => calls.push(`attach ${group}`),
      setMembers: (group, members) => calls.push(`members ${group}: ${members.map(({ id }) => id)}`),
      detach: (group) => calls.push(`detach ${group}`),
      send: () => calls.push('send'),
    }
    const node = world.add('a', { group: 3, transport })
    expect(node.members.map(({ id }) => id)).toEqual(['a', 'b', 'c'])
    await node.start()
    await world.clock.advance(2000)
    expect(calls.slice(0, 3)).toEqual(['attach 3', 'members 3: a,b,c', 'send'])
    expect(calls.filter((call) => call.startsWith('members'))).toHaveLength(1)
    expect(node.members.map(({ id }) => id)).toEqual(['a', 'b', 'c'])
    await node.stop()
  })

  it('are among the first effects of a State, and of a copy that was made before, and of no later ones', () => {
    const c = scenario()
    const copy = c.state('b').fork()
    expect(copy.takeEffects().members?.map(({ id }) => id)).toEqual(['a', 'b', 'c'])
    expect(copy.takeEffects().members).toBeNull()
    expect(
      c
        .state('b')
        .takeEffects()
        .members?.map(({ id }) => id),
    ).toEqual(['a', 'b', 'c'])
  })
})
