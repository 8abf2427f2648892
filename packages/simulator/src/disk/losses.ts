/** What a `SimulatedDisk` counts when power is lost: for statistics. */
export const diskLosses = ['lost sector', 'torn sector', 'lost size', 'lost directory entry'] as const

/** How often each has happened. */
export type Losses = Record<(typeof diskLosses)[number], number>

export function noLosses(): Losses {
  return { 'lost sector': 0, 'torn sector': 0, 'lost size': 0, 'lost directory entry': 0 }
}
