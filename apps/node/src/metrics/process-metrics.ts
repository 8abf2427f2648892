import { collectDefaultMetrics, Registry } from 'prom-client'

let registry: Registry | undefined

/**
 * The figures of the process and of Node (`process_*`, `nodejs_*`), for all its members together; counted from the first call on.
 * The library measures the event loop's delay with a timer, and garbage collection with an observer, that it can never stop again:
 * there is one of each in a process, however many members come and go.
 */
export function processMetrics(): Registry {
  if (registry === undefined) {
    registry = new Registry()
    collectDefaultMetrics({ register: registry })
  }
  return registry
}
