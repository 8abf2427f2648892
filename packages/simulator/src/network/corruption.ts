import type { Prng } from '../world/prng.js'

/** The same bytes as they might arrive over a bad line; never the same as they were, and never those given. */
export function corrupted(bytes: Uint8Array, random: Prng): Uint8Array {
  const kind = random.next()
  if (kind < 0.7 && bytes.length > 0) return flipped(bytes, random)
  if (kind < 0.8 && bytes.length > 0) return bytes.slice(0, random.below(bytes.length))
  if (kind < 0.9) return extended(bytes, random)
  return garbage(bytes, random)
}

function flipped(bytes: Uint8Array, random: Prng): Uint8Array {
  const arriving = bytes.slice()
  const first = random.below(bytes.length)
  // The first is never undone by another: those flip other bytes.
  arriving[first] = (arriving[first] as number) ^ (1 + random.below(255))
  for (let more = random.below(3); more > 0; more--) {
    const at = random.below(bytes.length)
    if (at !== first) arriving[at] = (arriving[at] as number) ^ (1 << random.below(8))
  }
  return arriving
}

function extended(bytes: Uint8Array, random: Prng): Uint8Array {
  const arriving = new Uint8Array(bytes.length + 1 + random.below(64))
  arriving.set(bytes)
  // By what a buffer happened to hold: zeros, or anything.
  if (random.chance(0.5)) arriving.set(random.bytes(arriving.length - bytes.length), bytes.length)
  return arriving
}

function garbage(bytes: Uint8Array, random: Prng): Uint8Array {
  // Another length than before, so that it is another datagram whatever was drawn.
  const length = random.below(Math.max(1, Math.min(bytes.length, 256)))
  return random.bytes(length === bytes.length ? length + 1 : length)
}
