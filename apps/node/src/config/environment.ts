import { didYouMean } from './guess.js'

type Environment = Readonly<Record<string, string | undefined>>

/** Environment variables that `raft-node` reads, besides those that cluster.json names. */
const VARIABLES = [
  'RAFT_ID',
  'RAFT_CONFIG',
  'RAFT_DATA_DIR',
  'RAFT_SECRET',
  'RAFT_SECRET_FILE',
  'RAFT_CLUSTER_ID',
  'RAFT_BIND_PEER',
  'RAFT_BIND_CLIENT',
  'RAFT_ELECTION_TIMEOUT',
  'RAFT_HEARTBEAT_INTERVAL',
  'RAFT_REQUEST_TIMEOUT',
  'RAFT_LOG_LEVEL',
  'RAFT_MEMBERS',
] as const

/** Kubernetes sets these for every service, and a service may well be called `raft`. */
const OF_A_SERVICE = /_SERVICE_HOST$|_SERVICE_PORT(?:_\w+)?$|_PORT(?:_\d+_(?:TCP|UDP)(?:_(?:PROTO|PORT|ADDR))?)?$/

/** One warning for each variable that looks like one of ours and is none. Values are not shown: one may be the secret. */
export function warnOfUnknown(env: Environment, named: ReadonlySet<string>): string[] {
  return Object.keys(env)
    .filter((name) => name.startsWith('RAFT_') && isSet(env[name]))
    .filter((name) => !(VARIABLES as readonly string[]).includes(name) && !named.has(name) && !OF_A_SERVICE.test(name))
    .map((name) => `the environment variable ${name} is not known and has no effect${didYouMean(name, VARIABLES)}`)
}

/** A variable that is set and empty counts as one that is not set: so it comes from files that list all of them. */
export function isSet(value: string | undefined): value is string {
  return value !== undefined && value !== ''
}
