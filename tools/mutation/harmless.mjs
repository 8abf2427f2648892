// @ts-check

/**
 * Changes of the source that no test notices, and that need none.
 *
 * @typedef {object} Harmless
 * @property {string} file below the top of the repository
 * @property {string} line that the change begins in, without the space around it
 * @property {readonly (readonly [from: string, to: string])[]} changes
 * @property {string} why
 */

/** @type {readonly Harmless[]} */
export const harmless = []
