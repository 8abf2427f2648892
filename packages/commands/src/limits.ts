/*
 * Limits that decide results must be the same on every member: they are part of the format of version 1, not options.
 */

/** A key has 1 to this many bytes. */
export const MAX_KEY_BYTES = 65_535

/** How many keys a range answers when it does not say. */
export const DEFAULT_RANGE_LIMIT = 1_000

/** How many keys a range answers at most, whatever it says. */
export const MAX_RANGE_LIMIT = 10_000

/** How many bytes of keys and values (and `ENTRY_OVERHEAD_BYTES` each) a range answers at most; one key it always answers. */
export const MAX_RANGE_BYTES = 4 * 1024 * 1024

/** What an entry of an answer counts for besides its key and value. */
export const ENTRY_OVERHEAD_BYTES = 32

/** How many compares, how many then-steps and how many else-steps a transaction has at most. */
export const MAX_TRANSACTION_OPERATIONS = 10_000

/** How many bytes, counted as in a range, the steps of a transaction read at most together. */
export const MAX_TRANSACTION_READ_BYTES = 16 * 1024 * 1024
