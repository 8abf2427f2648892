import { readFileSync } from 'node:fs'
import { Command, Option } from 'commander'
import { type ClientSettings, getKey, putKey, showStatus } from './client-commands.js'
import { describeArguments } from './config/flags.js'
import type { Settings } from './config/load.js'
import { LOG_LEVELS } from './log.js'
import { start } from './start.js'
import { VERSION } from './version.js'

const program = new Command('raft-node')
  .description('A member of a Raft cluster: a replicated key-value store over HTTP and a binary protocol.')
  .version(VERSION)
  .showHelpAfterError('(raft-node --help, and raft-node start --help, list what can be given)')
  // What stands behind a flag may be the secret.
  .configureOutput({ outputError: (text, write) => write(text.replace(/(unknown option '[^'=]*)=[^\n]*'/, "$1'")) })

const startCommand = program
  .command('start')
  .description('Run one member until SIGTERM or SIGINT. Flags win over the environment, which wins over cluster.json.')
  // Unknown flags are told together with all other problems.
  .allowUnknownOption()
  .allowExcessArguments()
  .action((settings: Settings, command: Command) => {
    const flags = command.options.flatMap(({ long }) => (long ? [long] : []))
    return start(withoutEmpty(settings, command), describeArguments(command.args, flags))
  })
  .addHelpText(
    'after',
    `
cluster.json, the same on all members:
  { "secret": "…" | { "file": "path" } | { "env": "NAME" },
    "members": { "n1": { "peer": "127.0.0.1:7001", "client": "127.0.0.1:8001" }, … } }

RAFT_SECRET holds the secret itself, which wins over cluster.json. A variable that is empty counts as one that is not set.

Example:
  raft-node start --id n1 --config cluster.json --data-dir data/n1`,
  )

const flag = (flags: string, env: string, description: string) => startCommand.addOption(new Option(flags, description).env(env))

flag('--id <id>', 'RAFT_ID', 'which of the members in cluster.json this is')
flag('--config <file>', 'RAFT_CONFIG', 'path of cluster.json')
flag('--data-dir <directory>', 'RAFT_DATA_DIR', 'where the durable log lives; made if it does not exist')
flag('--secret-file <file>', 'RAFT_SECRET_FILE', 'file with the secret that all members share')
flag(
  '--cluster-id <id>',
  'RAFT_CLUSTER_ID',
  'name of the cluster (default: what the directory has; a new one: derived from member ids and secret)',
)
flag('--bind-peer <host:port>', 'RAFT_BIND_PEER', 'where to listen for members, UDP (default: the peer address)')
flag('--bind-client <host:port>', 'RAFT_BIND_CLIENT', 'where to listen for clients, TCP (default: the client address)')
flag('--election-timeout <ms>', 'RAFT_ELECTION_TIMEOUT', 'silence after which a follower asks to be elected (default: 500)')
flag('--heartbeat-interval <ms>', 'RAFT_HEARTBEAT_INTERVAL', 'how often a leader says that it leads (default: 50)')
flag('--request-timeout <ms>', 'RAFT_REQUEST_TIMEOUT', 'how long a request waits for a leader and its answer (default: 5000)')
flag('--log-level <level>', 'RAFT_LOG_LEVEL', `${LOG_LEVELS.join(', ')} (default: info)`)

/** A command that asks members. Its action's promise says whether the exit code is 0; what is thrown is told in one line. */
function asking(usage: string, description: string, act: (settings: ClientSettings, ...words: string[]) => Promise<boolean>): Command {
  const command = program.command(usage)
  return command
    .description(description)
    .showHelpAfterError(`(raft-node ${command.name()} --help lists what can be given)`)
    .addOption(new Option('--members <addresses>', 'client addresses of some members, with commas between them').env('RAFT_MEMBERS'))
    .addOption(new Option('--config <file>', 'path of cluster.json, whose members are asked').env('RAFT_CONFIG'))
    .option('--timeout <ms>', 'how long to wait for an answer (default: 5000)')
    .action(async (...given: unknown[]) => {
      const command = given.at(-1) as Command
      // The reader has seen enough, as in `raft-node get key | head -c 10`.
      process.stdout.on('error', () => process.exit())
      const isGood = await act(withoutEmpty(command.opts(), command), ...command.processedArgs).catch(tell)
      process.exitCode = isGood ? 0 : 1
    })
}

function tell(error: unknown): false {
  process.stderr.write(`raft-node: ${error instanceof Error ? error.message : error}\n`)
  return false
}

asking('status', 'What each member says of itself: role, leader, indexes.', (settings) => showStatus(settings, process.stdout)).option(
  '--json',
  'answer with JSON',
)
asking('get <key>', 'Print the value of a key as it is.', async (settings, key = '') => {
  const isThere = await getKey(settings, key, process.stdout)
  return isThere || tell(new Error(`there is no key ${JSON.stringify(key)}`))
})
asking('put <key> <value>', 'Write a value; - reads it from stdin.', async (settings, key = '', value = '') => {
  await putKey(settings, key, value === '-' ? readFileSync(0) : value, process.stdout)
  return true
})

/** Environment variables that are set and empty count as unset. */
function withoutEmpty<Given extends object>(settings: Given, command: Command): Given {
  const kept = { ...settings }
  for (const name of Object.keys(settings) as (keyof Given & string)[])
    if (settings[name] === '' && command.getOptionValueSource(name) === 'env') delete kept[name]
  return kept
}

await program.parseAsync()
