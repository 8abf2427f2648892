import { describe, expect, it } from 'vitest'
import { filled, Machine } from './support/machine.js'

/** What is seen over many seeds, sorted. */
async function outcomes(seeds: number, one: (machine: Machine, seed: number) => Promise<string>): Promise<string[]> {
  const seen = new Set<string>()
  for (let seed = 0; seed < seeds; seed++) seen.add(await one(new Machine(seed), seed))
  return [...seen].sort()
}

function names(machine: Machine): string {
  return machine.disk
    .paths()
    .map((path) => `${path.slice(3)}${machine.disk.contents(path)[0] ?? ''}`)
    .join(' ')
}

describe('names in a directory that was not synced', () => {
  it('are there or not, each by itself, when they were made', async () => {
    const seen = await outcomes(100, async (machine) => {
      await machine.done(machine.files.createDirectory('/d'))
      for (const name of ['a', 'b']) await machine.done(machine.files.create(`/d/${name}`))
      machine.crash()
      return names(machine)
    })
    expect(seen).toEqual(['', 'a', 'a b', 'b'])
  })

  it('are the old, the new, both or none when a file was renamed', async () => {
    const seen = await outcomes(100, async (machine) => {
      machine.disk.replace('/d/a', filled(1, 1))
      await machine.done(machine.files.rename('/d/a', '/d/b'))
      expect(names(machine)).toBe('b1')
      machine.crash()
      return names(machine)
    })
    expect(seen).toEqual(['', 'a1', 'a1 b1', 'b1'])
  })

  it('lead to the one file or the other when it was renamed in place of another', async () => {
    const seen = await outcomes(200, async (machine) => {
      machine.disk.replace('/d/a', filled(1, 1))
      machine.disk.replace('/d/b', filled(1, 2))
      await machine.done(machine.files.rename('/d/a', '/d/b'))
      machine.crash()
      return names(machine)
    })
    expect(seen).toEqual(['a1 b1', 'a1 b2', 'b1', 'b2'])
  })

  it('are back, or gone, when they were removed', async () => {
    const seen = await outcomes(100, async (machine) => {
      machine.disk.replace('/d/a', filled(1, 1))
      await machine.done(machine.files.remove('/d/a'))
      expect(names(machine)).toBe('')
      machine.crash()
      return names(machine)
    })
    expect(seen).toEqual(['', 'a1'])
  })

  it('may be at any step on the way when they changed often', async () => {
    const seen = await outcomes(300, async (machine) => {
      machine.disk.replace('/d/a', filled(1, 1))
      machine.disk.replace('/d/b', filled(1, 2))
      machine.disk.replace('/d/c', filled(1, 3))
      await machine.done(machine.files.rename('/d/b', '/d/a'))
      await machine.done(machine.files.rename('/d/c', '/d/a'))
      await machine.done(machine.files.remove('/d/a'))
      machine.crash()
      return names(machine).split(' ')[0] ?? ''
    })
    expect(seen).toEqual(['', 'a1', 'a2', 'a3', 'b2', 'c3'])
  })

  it('stay as they are when the process is killed, or stops', async () => {
    const seen = await outcomes(100, async (machine, seed) => {
      machine.disk.replace('/d/a', filled(1, 1))
      await machine.done(machine.files.rename('/d/a', '/d/b'))
      if (seed % 2 === 0) machine.kill()
      else machine.host.end()
      return names(machine)
    })
    expect(seen).toEqual(['b1'])
  })
})

describe('names in a directory that was synced', () => {
  it('are as they were at that time, over a thousand crashes', async () => {
    const seen = await outcomes(1000, async (machine) => {
      machine.disk.replace('/d/a', filled(1, 1))
      machine.disk.replace('/d/c', filled(1, 3))
      await machine.done(machine.files.createDirectory('/d'))
      await machine.done(machine.files.rename('/d/a', '/d/b'))
      await machine.done(machine.files.create('/d/e'))
      await machine.done(machine.files.remove('/d/c'))
      await machine.done(machine.files.syncDirectory('/d'))
      machine.crash()
      return names(machine)
    })
    expect(seen).toEqual(['b1 e'])
  })

  it('may change after the sync has begun, of which that sync knows nothing', async () => {
    const seen = await outcomes(200, async (machine) => {
      machine.disk.replace('/d/a', filled(1, 1))
      const order: string[] = []
      const synced = machine.files.syncDirectory('/d').then(() => order.push('synced'))
      const removed = machine.files.remove('/d/a').then(() => order.push('removed'))
      await machine.done(Promise.all([removed, synced]))
      machine.crash()
      return `${order[0]} first: ${names(machine)}`
    })
    expect(seen).toEqual(['removed first: ', 'removed first: a1', 'synced first: ', 'synced first: a1'])
  })
})

it('a list of names is complete, and in any order', async () => {
  const orders = await outcomes(200, async (machine) => {
    for (const name of ['a', 'b', 'c']) machine.disk.replace(`/d/${name}`, filled(1, 1))
    machine.disk.replace('/d/e/f', filled(1, 1))
    return (await machine.done(machine.files.list('/d'))).join('')
  })
  expect(orders).toHaveLength(24)
  for (const order of orders) expect([...order].sort().join('')).toBe('abce')
})

it('a directory that is not durable yet may be gone with all that is in it; once it is, it stays', async () => {
  const lists = (machine: Machine) =>
    machine.done(machine.files.list('/x/y')).then(
      () => 'there',
      (error: unknown) => String(error),
    )
  const during = await outcomes(60, async (machine) => {
    void machine.files.createDirectory('/x/y')
    // Made, and not synced.
    await machine.pass(1)
    machine.crash()
    return lists(machine)
  })
  expect(during).toEqual(["Error: ENOENT: no such file or directory, scandir '/x/y'", 'there'])
  const afterwards = await outcomes(200, async (machine) => {
    await machine.done(machine.files.createDirectory('/x/y'))
    machine.crash()
    expect(await machine.done(machine.files.list('/x'))).toEqual(['y'])
    return lists(machine)
  })
  expect(afterwards).toEqual(['there'])
})

describe('a file that is made in place of one', () => {
  it('is empty at once, and may have its bytes back after a crash', async () => {
    const seen = await outcomes(100, async (machine) => {
      machine.disk.replace('/d/a', filled(1000, 1))
      const file = await machine.done(machine.files.create('/d/a'))
      expect(await machine.done(file.size())).toBe(0)
      machine.crash()
      return String(machine.disk.contents('/d/a').length)
    })
    expect(seen).toEqual(['0', '1000'])
  })

  it('has nothing of them any more once it was synced', async () => {
    const seen = await outcomes(200, async (machine) => {
      machine.disk.replace('/d/a', filled(1000, 1))
      const file = await machine.done(machine.files.create('/d/a'))
      await machine.done(file.sync())
      machine.crash()
      return String(machine.disk.contents('/d/a').length)
    })
    expect(seen).toEqual(['0'])
  })
})
