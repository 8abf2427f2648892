import { type Logger, pino, stdTimeFunctions } from 'pino'
import type { LineSink } from './line-sink.js'

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'silent'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

export function isLogLevel(text: string): text is LogLevel {
  return (LOG_LEVELS as readonly string[]).includes(text)
}

/** JSON lines. Where the sink has dropped some, a warning says how many, whatever the level is. */
export function createLogger(id: string, level: LogLevel, sink: LineSink): Logger {
  const logger = pino({ level, base: { member: id }, timestamp: stdTimeFunctions.isoTime }, sink)
  const ofLosses = logger.child({}, { level: 'warn' })
  sink.onLoss = (dropped) => ofLosses.warn({ dropped }, 'lines of this log are missing here: nobody took them')
  return logger
}
