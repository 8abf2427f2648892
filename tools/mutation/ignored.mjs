// @ts-check

/**
 * A place in the syntax tree, as Babel gives it.
 *
 * @typedef {object} Place
 * @property {() => boolean} isClassMethod
 * @property {() => boolean} isCallExpression
 * @property {string | number | null} key in the parent
 * @property {{ key?: { name?: string }, callee?: { name?: string } }} node
 * @property {Place | null} parentPath
 */

/**
 * What is not mutated: the messages of assertions, which are texts, and fingerprints, by which the exploration in
 * packages/simulation tells states apart and which decide nothing in a member.
 *
 * @param {Place} place
 * @returns {string | undefined} why
 */
function shouldIgnore(place) {
  if (place.isClassMethod() && place.node.key?.name === 'fingerprint') return 'a fingerprint'
  const { parentPath } = place
  if (parentPath?.isCallExpression() && place.key === 1 && parentPath.node.callee?.name === 'assert') return 'a message'
  return undefined
}

export const IGNORED = 'messages and fingerprints'

/** For StrykerJS, which looks for this name. */
export const strykerPlugins = [{ kind: 'Ignore', name: IGNORED, value: { shouldIgnore } }]
