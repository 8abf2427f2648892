import type { IncomingHttpHeaders } from 'node:http'
import type { Compare, Relation } from '@raft/commands'
import { badRequest } from './answer.js'

/**
 * What a request on a key makes its effect depend on (RFC 9110 §13): its entity tag is the key's modRevision in quotation marks,
 * and is strong.
 */
export interface Preconditions {
  /** Of If-Match: one of these must be current. Null when the field is not there. */
  readonly match: EntityTags | null
  /** Of If-None-Match: none of these may be current. */
  readonly noneMatch: EntityTags | null
}

/** The asterisk stands for whatever the key holds, if it exists. */
type EntityTags = '*' | readonly EntityTag[]

interface EntityTag {
  readonly isWeak: boolean
  /** Null when it is no tag of a key. */
  readonly modRevision: number | null
}

/** Each tag makes a comparison of a write, with a copy of the key. */
const MAX_TAGS = 16
const ENTITY_TAG = /[ \t]*(W\/)?"([\x21\x23-\x7e\x80-\xff]*)"[ \t]*(?:,|$)/y
const REVISION = /^[1-9]\d{0,15}$/

export function entityTag(modRevision: number): string {
  return `"${modRevision}"`
}

/** Null when there are none. @throws HttpError 400 */
export function preconditionsOf(headers: IncomingHttpHeaders): Preconditions | null {
  const { 'if-match': match, 'if-none-match': noneMatch } = headers
  if (match === undefined && noneMatch === undefined) return null
  return { match: parseTags('If-Match', match), noneMatch: parseTags('If-None-Match', noneMatch) }
}

function parseTags(name: string, text: string | undefined): EntityTags | null {
  if (text === undefined) return null
  if (text.trim() === '*') return '*'
  const tags: EntityTag[] = []
  for (let at = 0; at < text.length; at = ENTITY_TAG.lastIndex) {
    ENTITY_TAG.lastIndex = at
    const found = ENTITY_TAG.exec(text)
    if (found === null || tags.length === MAX_TAGS)
      throw badRequest(`${name}: expected * or at most ${MAX_TAGS} entity tags like "5", in quotation marks, found ${text.slice(0, 80)}`)
    const [, weak, tag = ''] = found
    const revision = Number(tag)
    tags.push({ isWeak: weak !== undefined, modRevision: REVISION.test(tag) && Number.isSafeInteger(revision) ? revision : null })
  }
  if (tags.length === 0) throw badRequest(`${name}: expected * or an entity tag like "5", found nothing`)
  return tags
}

/** What they say of a read of a key that exists. */
export function judgeRead({ match, noneMatch }: Preconditions, modRevision: number): 'serve' | 'failed' | 'notModified' {
  const isMatched = match === null || match === '*' || match.some((tag) => !tag.isWeak && tag.modRevision === modRevision)
  if (!isMatched) return 'failed'
  // Weak tags are compared as strong ones here (RFC 9110 §13.1.2).
  const isKnown = noneMatch !== null && (noneMatch === '*' || noneMatch.some((tag) => tag.modRevision === modRevision))
  return isKnown ? 'notModified' : 'serve'
}

/** What must hold for a write of `key` to take effect. @throws HttpError 400 for what cannot hold, or cannot be compared as one */
export function toCompares({ match, noneMatch }: Preconditions, key: Uint8Array): Compare[] {
  const compare = (relation: Relation, modRevision: number): Compare => ({ key, relation, modRevision })
  const compares: Compare[] = []
  if (match === '*') compares.push(compare('greater', 0))
  else if (match !== null) compares.push(compare('equal', soleRevision(match)))
  if (noneMatch === '*') compares.push(compare('equal', 0))
  else if (noneMatch !== null)
    for (const { modRevision } of noneMatch) if (modRevision !== null) compares.push(compare('notEqual', modRevision))
  return compares
}

function soleRevision(tags: readonly EntityTag[]): number {
  const [tag] = tags
  if (tag === undefined || tags.length > 1) throw badRequest('If-Match: expected one entity tag for a write, found several')
  if (tag.isWeak || tag.modRevision === null)
    throw badRequest('If-Match: expected the entity tag of a key for a write, which is its modRevision like "5", found one that no key has')
  return tag.modRevision
}
