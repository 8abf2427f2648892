import { z } from 'zod'

/** What is measured, by whom and under what conditions: figures of the same `what` and `at` can be compared. */
const figure = z.object({
  /** As 'writes/s'. It says the unit. */
  what: z.string(),
  /** The conditions, as '128 B, 1000 outstanding'. */
  at: z.string(),
  /** Who was measured, as 'raft' or 'etcd'. */
  by: z.string(),
  /** The one condition that varies between figures that belong on one plot, and its value. */
  x: z.object({ name: z.string(), value: z.number() }).nullable(),
  /** One value a round, in the order in which they were measured. */
  rounds: z.array(z.number()).min(1),
})

/** A figure of one against that of another of the same round, so that what the machine did meanwhile meets both; or by itself. */
const ratio = z.object({
  what: z.string(),
  at: z.string(),
  of: z.string(),
  /** Null: the figure itself is held against its aim. */
  to: z.string().nullable(),
  rounds: z.array(z.number()).min(1),
  /** What it should be; null where nothing was promised. */
  aim: z.object({ atLeast: z.number().optional(), atMost: z.number().optional() }).nullable(),
})

export const report = z.object({
  /** Which part was measured, as 'cluster'. */
  suite: z.string(),
  /** The command that measured it. */
  command: z.string(),
  /** When it began, as ISO 8601. */
  date: z.string(),
  /** The machine and the versions, one a line. */
  machine: z.array(z.string()),
  figures: z.array(figure),
  ratios: z.array(ratio),
})

export type Figure = z.infer<typeof figure>
export type Ratio = z.infer<typeof ratio>
export type Report = z.infer<typeof report>
export type Aim = NonNullable<Ratio['aim']>
