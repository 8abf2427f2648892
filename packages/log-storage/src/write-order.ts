import { type LogWrite, StorageError } from '@raft/core'

/** @throws StorageError when the batches do not follow one another, or the log that goes on behind `baseIndex` to `lastIndex`. */
export function checkOrder(write: LogWrite, baseIndex: number, lastIndex: number): void {
  let next = lastIndex + 1
  let first = true
  for (const batch of write.entries) {
    if (batch.count === 0) continue
    const fits = first ? batch.firstIndex > baseIndex && batch.firstIndex <= next : batch.firstIndex === next
    if (!fits) throw new StorageError(`entries from ${batch.firstIndex} on, where the log goes from ${baseIndex + 1} to ${next - 1}`)
    next = batch.lastIndex + 1
    first = false
  }
}
