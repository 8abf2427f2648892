import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { bytes, connect, type RaftClient } from '@raft/client'
import { now, setTimeout } from '@raft/system'
import { type CityRecord, loadCities } from './demo/cities.js'
import { importRecords } from './demo/import.js'
import { startProgress } from './demo/progress.js'
import { agreedState, verifyMember } from './demo/verify.js'
import { anyPorts } from './local/free-ports.js'
import { ProcessCluster } from './local/process-cluster.js'

/*
 * `pnpm demo`: imports 170,000 places into three members, kills the leader in the middle, brings it back, and proves
 * from every member that every record is there. Ends by itself, with 0 if all of it holds.
 */

const KILL_AT = 0.4
const RETURN_AT = 0.7
/** In ms. */
const KILL_DELAY = 5

const say = (text: string) => process.stdout.write(`${text}\n`)

const cli = fileURLToPath(new URL('./cli.js', import.meta.url))
const directory = mkdtempSync(join(tmpdir(), 'raft-demo-'))
let ending: Promise<void> | undefined

// A reader that has gone must not leave members behind.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})

try {
  if (!existsSync(cli)) throw new Error(`${cli} is not there: build first (pnpm build)`)
  const cluster = new ProcessCluster({ directory, cli, ports: await anyPorts(3) })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void end(cluster).then(() => process.exit(1)))
  try {
    await demonstrate(cluster)
  } finally {
    await end(cluster)
  }
} catch (error) {
  process.stderr.write(`\nThe demo failed: ${error instanceof Error ? error.message : error}\n`)
  process.exitCode = 1
}

async function demonstrate(cluster: ProcessCluster): Promise<void> {
  const records = loadCities()
  say(`Starting three members (${cluster.addresses.join(', ')}) …`)
  await cluster.start()
  const client = await connect({ members: cluster.addresses, codec: bytes })
  try {
    await importWithFailure(cluster, client, records)
  } finally {
    await client.close()
  }
  say('\nChecking that all members hold the same …')
  const { digest, keys, revision } = await agreedState(cluster)
  say(`  ${keys} keys at revision ${revision}, SHA-256 of the state ${digest}`)
  for (const member of cluster.members) {
    await verifyMember(member, records)
    say(`  ${member.id}: all ${records.length} records are there, byte for byte`)
  }
  say('\nEvery acknowledged record is on every member.')
}

async function importWithFailure(cluster: ProcessCluster, client: RaftClient<Uint8Array>, records: readonly CityRecord[]): Promise<void> {
  const leader = await cluster.leader()
  const killAt = Math.floor(records.length * KILL_AT)
  const returnAt = Math.floor(records.length * RETURN_AT)
  const notes: string[] = []
  let killed = false
  let returned: Promise<void> | undefined
  let lastAt = 0
  let longestPause = 0
  say(`Importing ${records.length} cities; ${leader.id} leads, and will be killed at ${Math.round(KILL_AT * 100)} % …`)
  const progress = startProgress(records.length)
  const result = await importRecords({
    client,
    records,
    onAcknowledged: (count) => {
      const time = now()
      if (killed) longestPause = Math.max(longestPause, time - lastAt)
      lastAt = time
      progress.update(count)
      if (count >= killAt && !killed) {
        killed = true
        // A little later, so that writes are under way in every stage.
        setTimeout(() => leader.signal('SIGKILL'), KILL_DELAY)
        notes.push(`${leader.id}, the leader, was killed (SIGKILL) after ${count} records`)
      }
      if (count >= returnAt && returned === undefined) {
        notes.push(`${leader.id} was started again after ${count} records`)
        returned = leader.exited.then(() => leader.start())
      }
    },
  })
  progress.stop()
  await returned
  await leader.ready()
  const { retries, leaderChanges } = client.statistics()
  const retried = Object.entries(retries).filter(([, count]) => count > 0)
  say('')
  for (const note of notes) say(`  ${note}`)
  say(`  throughput: ${Math.round(records.length / result.seconds)} records/s (${result.seconds.toFixed(1)} s, the fail-over included)`)
  say(`  pause at the fail-over: ${Math.round(longestPause)} ms from the last acknowledged write to the next`)
  say(`  the client found a new leader ${leaderChanges} time(s); new leader: ${(await cluster.leader()).id}`)
  say(`  sent again, certainly without effect before: ${retried.map(([reason, count]) => `${count} (${reason})`).join(', ') || 'none'}`)
  say(
    `  outcome unknown: ${result.unknown}; found by reading: ${result.foundByReading}, written again (same key, same value): ${result.writtenAgain}`,
  )
}

function end(cluster: ProcessCluster): Promise<void> {
  ending ??= cluster.end('SIGTERM').then(() => rmSync(directory, { recursive: true, force: true }))
  return ending
}
