import type { CommandResult, KeyValue } from '@raft/commands'

/** Memory that an entry takes besides its key and value, in bytes. */
const ENTRY_BYTES = 300

/** The memory that what a result has read takes, in bytes; 0 where it has read nothing. */
export function resultBytes(result: CommandResult): number {
  if (result.type !== 'transaction') return 0
  let bytes = 0
  for (const step of result.results) {
    if (step.type === 'get' && step.entry !== null) bytes += entryBytes(step.entry)
    else if (step.type === 'range') for (const entry of step.entries) bytes += entryBytes(entry)
  }
  return bytes
}

/** The memory that an entry takes, in bytes. */
export function entryBytes({ key, value }: KeyValue): number {
  return ENTRY_BYTES + key.length + value.length
}
