import { tmpdir } from 'node:os'
import { expect, it, type TestContext } from 'vitest'
import { Terminal } from './support/terminal.js'

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

it('what still runs in a terminal ends with its test: jobs, and what they have started', async () => {
  const hooks: (() => unknown)[] = []
  const context = { onTestFinished: (hook: () => unknown) => hooks.push(hook) } as unknown as TestContext
  const terminal = new Terminal(context, tmpdir())
  const said = await terminal.run('sleep 600 &\necho $!\n(sleep 601 & echo $!; wait) &\nsleep 0.2')
  const pids = said.trim().split('\n').map(Number)
  expect(pids).toHaveLength(2)
  expect(pids.filter(isAlive)).toEqual(pids)
  for (const hook of hooks) await hook()
  // One whose parent has ended is there until the first process of the system takes note.
  await expect.poll(() => pids.filter(isAlive), { timeout: 20_000 }).toEqual([])
})
