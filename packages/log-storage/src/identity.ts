import type { GroupId, MemberId } from '@raft/core'

/** Whose log a directory holds. Written once, when the directory is formatted. */
export interface Identity {
  /** 1 to 255 bytes of UTF-8, as the cluster was given it. */
  readonly clusterId: string
  /** 128 random bits in hexadecimal, new with every formatting: it tells a lost disk from the disk that was. */
  readonly storeId: string
  readonly memberId: MemberId
  readonly group: GroupId
}

/** Whose log a directory has to be; a cluster id of null stands for whatever cluster the directory was formatted for. */
export interface ExpectedIdentity extends Omit<Identity, 'clusterId' | 'storeId'> {
  readonly clusterId: string | null
}

export function isExpected(found: Identity, expected: ExpectedIdentity): boolean {
  const isCluster = expected.clusterId === null || found.clusterId === expected.clusterId
  return isCluster && found.memberId === expected.memberId && found.group === expected.group
}
