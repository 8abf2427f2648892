import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

function collectGarbage(): void {
  // The memory that one collection finds to be free is told as free when the next begins.
  collect()
  collect()
}

const counted = () => process.memoryUsage().external / 2 ** 20

/** By how many MiB what V8 counts besides its heap grows, garbage included. */
export function growthOf(run: () => void): number {
  collectGarbage()
  const before = counted()
  run()
  return counted() - before
}

/** By how many MiB it grows, without garbage. */
export function keptBy(run: () => void): number {
  collectGarbage()
  const before = counted()
  run()
  collectGarbage()
  return counted() - before
}
