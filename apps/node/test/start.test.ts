import { expect, test, vi } from 'vitest'
import { keepFreedMemory } from '../src/freed-memory.js'
import { letHeapGrow } from '../src/heap-growth.js'
import { LineSink } from '../src/line-sink.js'
import { start } from '../src/start.js'

vi.mock('../src/freed-memory.js', () => ({ keepFreedMemory: vi.fn() }))
vi.mock('../src/heap-growth.js', () => ({ letHeapGrow: vi.fn() }))

test('the process of a member lets its heap grow and keeps freed memory, before the member begins', async () => {
  const said: string[] = []
  const stderr = new LineSink((bytes) => {
    expect(letHeapGrow).toHaveBeenCalledTimes(1)
    expect(keepFreedMemory).toHaveBeenCalledTimes(1)
    return said.push(Buffer.from(bytes).toString()) && bytes.length
  })
  await start({ config: 'no-such-file.json' }, [], stderr)
  expect(said).toEqual([expect.stringMatching(/^raft-node: .*no-such-file\.json/)])
  expect(process.exitCode).toBe(1)
  process.exitCode = 0
})
