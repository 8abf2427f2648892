import { type DestinationStream, destination, type Logger, pino, stdTimeFunctions } from 'pino'

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'silent'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

export function isLogLevel(text: string): text is LogLevel {
  return (LOG_LEVELS as readonly string[]).includes(text)
}

/** JSON lines, on stderr unless told otherwise; written at once, so that the last words of a dying process are not lost. */
export function createLogger(id: string, level: LogLevel, stream: DestinationStream = stderr()): Logger {
  return pino({ level, base: { member: id }, timestamp: stdTimeFunctions.isoTime }, stream)
}

function stderr(): DestinationStream {
  const stream = destination({ dest: 2, sync: true })
  // Whoever read the log may have gone; the member goes on.
  stream.on('error', () => {})
  return stream
}
