import type { PeerStatus } from '@raft/udp-transport'

/** A member that has not answered for so long is named as one that is missing; ms. */
const MISSING_AFTER = 1000

/** Why no leader is known, as far as this member can tell from what it hears of the others. One line. */
export function whyNoLeader(peers: readonly PeerStatus[]): string {
  const missing = peers.filter(({ unansweredFor }) => (unansweredFor ?? 0) >= MISSING_AFTER)
  if (missing.length > 0) return `no leader is known: ${missing.map(describe).join('; ')}`
  if (peers.length === 0) return 'no leader is known: is a majority of the members running?'
  return 'no leader is known: the members have yet to elect one'
}

function describe({ id, address, heardAgo, trouble }: PeerStatus): string {
  const since = heardAgo === null ? 'has not been heard yet' : `has not been heard for ${Math.round(heardAgo / 1000)} s`
  return `${id} at ${address ?? 'an unknown address'} ${since} (${trouble})`
}
