/**
 * About how many bytes of a receive buffer a datagram takes up: the system counts its own structures, and rounds up.
 * Linux measured 768 for 64 B, 2,304 for 1,200 B, 16,640 for 8 kB and 62,600 for 60 kB.
 */
export function kernelCost(datagramBytes: number): number {
  if (datagramBytes <= 300) return 1024
  if (datagramBytes > 14_000) return datagramBytes + 4096
  let rounded = 1024
  while (rounded < datagramBytes + 384) rounded *= 2
  return rounded + 512
}

/** Least number of datagrams in flight that make a window worth having. */
const USEFUL_WINDOW = 8

/** The largest datagram up to `wanted`, of which a receive buffer with room for `window` bytes holds several. */
export function datagramFor(wanted: number, window: number): number {
  let bytes = wanted
  while (bytes > MIN_DATAGRAM_BYTES && kernelCost(bytes) * USEFUL_WINDOW > window) bytes = Math.max(MIN_DATAGRAM_BYTES, bytes >>> 1)
  return bytes
}

/** Bytes of a datagram that every network carries: IPv6's minimum of 1,280, less headers. Used where nothing is known. */
export const MIN_DATAGRAM_BYTES = 1200

/** Bytes of the largest datagram that UDP over IPv4 can carry. */
export const MAX_DATAGRAM_BYTES = 65_507
