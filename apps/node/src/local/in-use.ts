import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { nodeFileSystem } from '@raft/log-storage'

/** The file that a member, and whoever starts several of them, holds locked in its directory. */
const LOCK = 'lock'

/** Takes the directory of a cluster for this process, until it ends; false where another process has it. */
export async function claimDirectory(directory: string): Promise<boolean> {
  await mkdir(directory, { recursive: true, mode: 0o700 })
  return (await nodeFileSystem.lock(join(directory, LOCK))) !== null
}

/** Which of these members of a cluster's directory run, though whoever started them may have ended. */
export async function runningMembers(directory: string, ids: readonly string[]): Promise<string[]> {
  const running: string[] = []
  for (const id of ids) {
    const path = join(directory, id, LOCK)
    if (!existsSync(path)) continue
    const unlock = await nodeFileSystem.lock(path)
    if (unlock === null) running.push(id)
    else await unlock()
  }
  return running
}
