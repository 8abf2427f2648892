import { expect, test, vi } from 'vitest'
import { keepFreedMemory } from '../src/freed-memory.js'
import { letHeapGrow } from '../src/heap-growth.js'
import { start } from '../src/start.js'

vi.mock('../src/freed-memory.js', () => ({ keepFreedMemory: vi.fn() }))
vi.mock('../src/heap-growth.js', () => ({ letHeapGrow: vi.fn() }))

test('the process of a member lets its heap grow and keeps freed memory, before the member begins', async () => {
  const stderr = vi.spyOn(process.stderr, 'write').mockImplementation(() => {
    expect(letHeapGrow).toHaveBeenCalledTimes(1)
    expect(keepFreedMemory).toHaveBeenCalledTimes(1)
    return true
  })
  await start({ config: 'no-such-file.json' })
  expect(stderr).toHaveBeenCalledTimes(1)
  expect(process.exitCode).toBe(1)
  process.exitCode = 0
  stderr.mockRestore()
})
