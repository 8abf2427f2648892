import type { Facts } from '../facts/facts.js'
import { accounting } from './accounting.js'
import { boundedMemory } from './bounded-memory.js'
import { commitRules } from './commit-rules.js'
import { durableBeforeSaid } from './durable-before-said.js'
import { electionSafety } from './election-safety.js'
import { fencing } from './fencing.js'
import { flowControl } from './flow-control.js'
import { leaderAppendOnly } from './leader-append-only.js'
import { leaderCompleteness } from './leader-completeness.js'
import { logMatching } from './log-matching.js'
import { monotonic } from './monotonic.js'
import { noFatalErrors } from './no-fatal-errors.js'
import { oneVoteATerm } from './one-vote-a-term.js'
import { Oracles } from './oracle.js'
import { outcastsTakeNoPart } from './outcasts.js'
import { preVote } from './pre-vote.js'
import { stateMachineSafety } from './state-machine-safety.js'
import { steppingDown } from './stepping-down.js'
import { storageContract } from './storage-contract.js'
import { termBeginnings } from './term-beginnings.js'
import { transportContract } from './transport-contract.js'

/** Everything that a cluster promises, whatever it is made of. */
export function allOracles(facts: Facts): Oracles {
  const oracles = [
    storageContract,
    transportContract,
    electionSafety,
    leaderAppendOnly,
    logMatching,
    leaderCompleteness,
    stateMachineSafety,
    monotonic,
    oneVoteATerm,
    durableBeforeSaid,
    commitRules,
    termBeginnings,
    flowControl,
    preVote,
    steppingDown,
    boundedMemory,
    noFatalErrors,
    outcastsTakeNoPart,
    accounting,
    fencing,
  ]
  return new Oracles(oracles.map((oracle) => oracle(facts)))
}
