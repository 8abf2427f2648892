import type { CallOptions, Codec } from '@raft/commands'
import { RaftClient } from './client.js'
import type { ClientOptions } from './options.js'

/**
 * A client that has found the leader. @throws ConfigurationError naming the option that cannot work; TimeoutError when no leader
 * was found within `requestTimeout` or the given `timeout`.
 */
export async function connect<V = unknown>(
  options: ClientOptions<V> & CallOptions & (unknown extends V ? unknown : { readonly codec: Codec<V> }),
): Promise<RaftClient<V>> {
  const client = new RaftClient<V>(options)
  try {
    await client.waitForLeader(options)
  } catch (error) {
    await client.close()
    throw error
  }
  return client
}
