import type { Facts } from '../facts/facts.js'
import type { Oracle } from './oracle.js'

/** No member stops by itself, unless its disk fails it. */
export function noFatalErrors(facts: Facts): Oracle {
  return {
    onFatal: (id, error, isExcused) => {
      if (!isExcused) facts.violated('no member fails by itself', `${id}: ${error.message}`)
    },
  }
}
