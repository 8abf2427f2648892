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
