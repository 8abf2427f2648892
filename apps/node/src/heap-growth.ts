import { constants, PerformanceObserver } from 'node:perf_hooks'
import { getHeapStatistics, setFlagsFromString } from 'node:v8'

/** Room for garbage before it is collected, in bytes, however little is alive. */
const LEAST_GROWTH = 256 * 2 ** 20

/**
 * A heap in which little is alive grows by little before V8 collects it, and V8 counts memory outside of it too. What passes
 * through a member (datagrams, requests) is outside, and far more than what it keeps: V8 would mark the whole heap several times a
 * second. This lets a small heap grow by 256 MiB; a large one grows as V8 thinks best. It is a setting of the whole process, and so
 * for a process that is nothing but a member.
 */
export function letHeapGrow(): void {
  adapt()
  const observer = new PerformanceObserver((collections) => {
    if (collections.getEntries().some(isMajor)) adapt()
  })
  observer.observe({ entryTypes: ['gc'] })
}

/** The types know nothing of `detail`, which every entry about a collection has. */
function isMajor(entry: object): boolean {
  const { detail } = entry as { readonly detail?: { readonly kind?: number } }
  return detail?.kind === constants.NODE_PERFORMANCE_GC_MAJOR
}

function adapt(): void {
  setFlagsFromString(`--heap-growing-percent=${growthPercent(getHeapStatistics().used_heap_size)}`)
}

/** By how much the heap may grow; 0: as V8 thinks best. */
export function growthPercent(aliveBytes: number): number {
  return aliveBytes >= LEAST_GROWTH ? 0 : Math.ceil((LEAST_GROWTH / aliveBytes) * 100)
}
