import { type TransportNetwork, transportSuite } from '@raft/conformance'
import { describe, test } from 'vitest'
import { UdpTransport, type UdpTransportOptions } from '../src/index.js'
import { KEY } from './support/cluster.js'

function loopback(security: Pick<UdpTransportOptions, 'secrets' | 'insecurePlainText'>): TransportNetwork {
  return {
    join: async (id) => {
      const transport = new UdpTransport({ id, clusterId: 'conformance', bind: '127.0.0.1:0', ...security })
      await transport.start()
      const member = { id, addresses: { peer: `127.0.0.1:${transport.local?.port}` } }
      return { transport, member, stop: () => transport.close() }
    },
  }
}

describe('UdpTransport on loopback, sealed', () => {
  transportSuite({ test, make: () => loopback({ secrets: [KEY] }) })
})

describe('UdpTransport on loopback, in plain text', () => {
  transportSuite({ test, make: () => loopback({ insecurePlainText: true }) })
})
