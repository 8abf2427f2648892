import { readdirSync, readFileSync } from 'node:fs'

/** Taken for the limit where the system does not tell: the one that macOS has by default. Windows has none. */
const ASSUMED_LIMIT = 10_240
/** Taken for the number of those that are open where the system does not tell. */
const ASSUMED_OPEN = 64
/**
 * What a member opens besides, at most: up to eight segments to be read, each twice, the next segment, the member's file, and what
 * the system's own calls take for a moment, four at a time, such as those that look up a name or the size of the directory.
 */
const OWN = 48
/** For each other member: a socket for datagrams and a connection for what is forwarded, and both again while they are replaced. */
const FOR_EACH_MEMBER = 4
/** The part of the limit that is left to whatever else runs in the process. */
const PART_OF_OTHERS = 1 / 8
/** Maximum number of connections of a member where the limit is too low for anything. */
const LEAST_SOCKETS = 16

/** The file descriptors of this process. */
export interface Descriptors {
  /** Maximum number, `Infinity` where there is none. */
  readonly limit: number
  /** Those that are open now. */
  readonly open: number
}

/** The questions to the operating system. Both methods throw where the system gives no answer. */
export interface DescriptorSource {
  readonly platform: NodeJS.Platform
  /** `/proc/self/limits` */
  limits(): string
  /** The descriptors that are open, by name. */
  open(): readonly string[]
}

const ofThisProcess: DescriptorSource = {
  platform: process.platform,
  limits: () => readFileSync('/proc/self/limits', 'utf8'),
  // The same on Linux and macOS.
  open: () => readdirSync('/dev/fd'),
}

/** Node raises the limit to what is allowed when it starts, so that only the system knows it. */
export function descriptorsOf(source: DescriptorSource = ofThisProcess): Descriptors {
  return { limit: limitOf(source), open: openOf(source) }
}

function limitOf({ platform, limits }: DescriptorSource): number {
  if (platform === 'win32') return Number.POSITIVE_INFINITY
  try {
    const soft = /^Max open files\s+(\S+)/m.exec(limits())?.[1]
    if (soft === 'unlimited') return Number.POSITIVE_INFINITY
    return Number.isSafeInteger(Number(soft)) ? Number(soft) : ASSUMED_LIMIT
  } catch {
    return ASSUMED_LIMIT
  }
}

function openOf({ open }: DescriptorSource): number {
  try {
    return open().length
  } catch {
    return ASSUMED_OPEN
  }
}

/** How many connections the client port may have open at one time, so that descriptors are left for everything else. */
export function socketsWithin({ limit, open }: Descriptors, otherMembers: number): number {
  const reserve = open + OWN + FOR_EACH_MEMBER * otherMembers + limit * PART_OF_OTHERS
  return limit === Number.POSITIVE_INFINITY ? limit : Math.max(LEAST_SOCKETS, Math.floor(limit - reserve))
}
