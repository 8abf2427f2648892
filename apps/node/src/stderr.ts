import { constants, fstatSync, openSync, writeSync } from 'node:fs'
import { LineSink } from './line-sink.js'

const STDERR = 2

/**
 * Lines to stderr, which whoever reads it cannot keep the process with: by not reading a pipe or a socket, by stopping a terminal, or
 * by ending. What waits when the process ends is sent then, as far as it is taken.
 */
export function stderrSink(): LineSink {
  const descriptor = nonBlocking(STDERR)
  const sink = new LineSink((bytes) => writeSync(descriptor, bytes))
  process.once('exit', () => sink.flushSync())
  return sink
}

/**
 * A descriptor for the same file on which a write never waits. A pipe or a terminal is opened anew where the system can do that, as
 * Linux can: whether the other one waits concerns every process that has it.
 */
function nonBlocking(descriptor: number): number {
  // Opened anew, a file would be written from its beginning. Its disk takes lines, or fails.
  if (fstatSync(descriptor).isFile()) return descriptor
  try {
    return openSync(`/proc/self/fd/${descriptor}`, constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY)
  } catch {
    // A socket, a pipe of another user, or another system. Node's stream makes the descriptor one on which pipes and sockets do not
    // wait, and Node undoes that when the process ends.
    process.stderr.on('error', () => {})
    return descriptor
  }
}

/** Maximum number of bytes in the memory of the stream beyond which nothing is added to it. */
const MAX_STREAM_BYTES = 64 * 1024
const ignore = () => {}

/**
 * For a member within somebody's program: errors by way of its own stream, which others may listen to. Where nobody takes them, they
 * are dropped and counted. A reader that has gone is no reason to end the program.
 */
export function errorsOnStderr(streamOf: () => NodeJS.WriteStream = () => process.stderr): (text: string) => void {
  let dropped = 0
  return (text) => {
    // Not before there is something to say: to ask for it changes how writes to the descriptor behave.
    const stream = streamOf()
    if (stream.writableLength > MAX_STREAM_BYTES) {
      dropped += 1
      return
    }
    if (!stream.listeners('error').includes(ignore)) stream.on('error', ignore)
    const loss = dropped === 0 ? '' : `raft: errors are missing here, as nobody took them: ${dropped}\n`
    dropped = 0
    stream.write(`${loss}${text}`)
  }
}
