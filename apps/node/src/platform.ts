import { closeSync, openSync, readSync } from 'node:fs'

// This file is read by every version of Node that knows modules: it uses no syntax and no function that is newer.

const NEEDED = [20, 19] as const

/** What this process runs on. */
export interface Surroundings {
  /** As `process.version`. */
  readonly version: string
  /** As `process.platform`. */
  readonly platform: string
  /** The first bytes of the file of Node itself. */
  readonly program: () => Uint8Array
}

/** Why a member cannot run here, and what to do about it, in one line; null where it can. */
export function whyNotHere({ version, platform, program }: Surroundings): string | null {
  const [major = 0, minor = 0] = version.replace('v', '').split('.').map(Number)
  if (major < NEEDED[0] || (major === NEEDED[0] && minor < NEEDED[1]))
    return `Node.js ${NEEDED.join('.')} or later is needed, and this is ${version}: install a newer one (https://nodejs.org)`
  if (platform === 'linux' && Buffer.from(program()).includes('/ld-musl-'))
    return 'a Linux with glibc is needed, and this Node.js is built for musl, as on Alpine Linux: use an image like node:22-slim instead of node:22-alpine'
  return null
}

/** The first bytes of a file: in a program of Linux the name of its loader is among them. Empty where they cannot be read. */
export function firstBytes(path: string): Uint8Array {
  const bytes = Buffer.alloc(4096)
  try {
    const file = openSync(path, 'r')
    const length = readSync(file, bytes, 0, bytes.length, 0)
    closeSync(file)
    return bytes.subarray(0, length)
  } catch {
    return Buffer.alloc(0)
  }
}
