import { existsSync } from 'node:fs'
import { relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { nextPorts, type PortPair } from './local/free-ports.js'
import { claimDirectory, runningMembers } from './local/in-use.js'
import type { MemberProcess } from './local/member-process.js'
import { ProcessCluster, portsOf } from './local/process-cluster.js'

/*
 * `pnpm start`: three members on this machine, each a process, with their data in ./cluster-data (or the directory that is
 * given). Nothing is restarted by itself. Ctrl-C stops all of them, and they stop by themselves when this process is killed.
 */

const MEMBERS = 3
const FIRST_PEER_PORT = 7001
const FIRST_CLIENT_PORT = 8001

const say = (text: string) => process.stdout.write(`${text}\n`)
const here = (path: string) => relative('.', path) || '.'

const directory = resolve(process.argv[2] ?? 'cluster-data')
const cli = fileURLToPath(new URL('./cli.js', import.meta.url))

let stopping = false

// A reader that has gone, as with `pnpm start | head`, or a terminal that was closed must not leave members behind.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})

try {
  if (!existsSync(cli)) throw new Error(`${cli} is not there: build first (pnpm build)`)
  await refuseIfRunning()
  const cluster = new ProcessCluster({ directory, cli, ports: await choosePorts() })
  // Before anything is started, so that no signal leaves a member behind.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void stop(cluster))
  await run(cluster)
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`)
  process.exitCode = 1
}

async function run(cluster: ProcessCluster): Promise<void> {
  say(`Starting ${MEMBERS} members; their data and logs are in ${here(directory)} …`)
  try {
    await cluster.start()
    const leader = await cluster.leader()
    for (const member of cluster.members) void member.exited.then(({ code }) => reportExit(cluster, member, code))
    say(instructions(cluster, leader.id))
  } catch (error) {
    if (stopping) return
    await cluster.end('SIGTERM')
    throw error
  }
}

/** Its files are those of the members that run. @throws Error */
async function refuseIfRunning(): Promise<void> {
  const before = portsOf(directory) ?? []
  const ids = before.map((_, i) => `n${i + 1}`)
  if ((await claimDirectory(directory)) && (await runningMembers(directory, ids)).length === 0) return
  const urls = before.map(({ client }) => `http://127.0.0.1:${client}`).join(', ')
  throw new Error(
    `The cluster in ${here(directory)} runs already${urls === '' ? '' : ` (${urls})`}, and was left alone.\n` +
      'Ctrl-C stops it where it was started. Where that command has been killed, its members stop by themselves within seconds.',
  )
}

/** The ports of the first start where they are free, so that old addresses still work. */
async function choosePorts(): Promise<PortPair[]> {
  const before = portsOf(directory) ?? []
  const first = (kind: keyof PortPair, otherwise: number) => before[0]?.[kind] ?? otherwise
  return nextPorts(MEMBERS, first('peer', FIRST_PEER_PORT), first('client', FIRST_CLIENT_PORT))
}

async function stop(cluster: ProcessCluster): Promise<void> {
  if (stopping) return
  stopping = true
  say('\nStopping all members …')
  await cluster.end('SIGTERM')
  say(`Stopped. The data stays in ${here(directory)}: the same command goes on with it.`)
  process.exit(0)
}

function reportExit({ config }: ProcessCluster, { id, logFile, dataDir }: MemberProcess, code: number | null): void {
  if (stopping) return
  say(`
${id} has ended (${code === null ? 'killed' : `code ${code}`}); its log is ${here(logFile)}. This brings it back, in another terminal, where Ctrl-C
stops it again:

  node ${here(cli)} start --id ${id} --config ${here(config)} --data-dir ${here(dataDir)}
`)
}

function instructions(cluster: ProcessCluster, leaderId: string): string {
  const [first, second, third] = cluster.members.map((member) => member.url)
  const lines = cluster.members.map(
    ({ id, url, pid, logFile }) => `  ${id}  ${url}  process ${pid}, log ${here(logFile)}${id === leaderId ? '  (leader)' : ''}`,
  )
  return `
A cluster of ${MEMBERS} members runs on this machine:

${lines.join('\n')}

Any member serves any request:

  curl -X PUT ${first}/v1/kv/greeting -d 'hello'
  curl ${second}/v1/kv/greeting
  curl '${third}/v1/kv?prefix=gree'
  curl ${first}/v1/status

From JavaScript, with @raft/client (from the folder apps/node, which has it):

  node --input-type=module -e "
    import { connect } from '@raft/client'
    const client = await connect({ members: ${JSON.stringify(cluster.addresses).replaceAll('"', "'")} })
    await client.put('counter', 42)
    console.log(await client.get('counter'))
    await client.close()"

Kill the leader (kill -9 ${cluster.member(leaderId).pid}) and go on: the other two elect another. How to bring it back is said here then.
Ctrl-C stops all members; the data stays.
`
}
