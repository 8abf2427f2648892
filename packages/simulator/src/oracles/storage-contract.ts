import type { Facts } from '../facts/facts.js'
import type { Oracle } from './oracle.js'

/** A storage that is opened again holds what it called durable; a write that it had not finished is there wholly, or not at all. */
export function storageContract(facts: Facts): Oracle {
  return {
    onOpened: (id, stored) => {
      const problem = facts.log(id).reopen(stored)
      if (problem !== null) facts.violated('opens what was durable', `${id} ${problem}`)
    },
  }
}
