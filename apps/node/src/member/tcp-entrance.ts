import { clearTimeout, setTimeout } from '@raft/system'
import type { ClientPort } from '../client-port/client-port.js'
import type { NodeLogger } from '../options.js'
import { listen } from '../serve.js'
import type { Entrance } from './environment.js'

/** How long answers that were decided while stopping may take to leave, in ms. */
const LAST_ANSWERS_TIMEOUT = 250

/** The client port of a member, as its group opens and closes it. */
export function tcpEntrance(port: ClientPort, address: string, logger: NodeLogger): Entrance {
  /** Fulfilled after the patience of `finish`; null before it was called. */
  let patienceIsOver: Promise<void> | null = null
  return {
    open: () => listen(port, address, logger),
    finish: async (patience) => {
      const closed = port.close()
      if (patience === 0) return
      patienceIsOver = within(closed, patience)
      await within(port.answered(), patience)
    },
    close: async () => {
      const closed = port.close()
      if (patienceIsOver !== null) {
        await patienceIsOver
        await within(closed, LAST_ANSWERS_TIMEOUT)
      }
      port.destroy()
      await closed
    },
  }
}

/** Fulfilled with the promise, or after so many ms. */
async function within(promise: Promise<void>, milliseconds: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, milliseconds)
  })
  await Promise.race([promise, late])
  clearTimeout(timer)
}
