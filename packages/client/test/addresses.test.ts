import { type AddressInfo, createServer, type LookupFunction } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { openConnection } from '../src/system.js'

/** In the range for documentation: nobody is there. What is sent there vanishes, or the system says at once that there is no way. */
const NOBODY = '2001:db8::1'

const resolvesTo =
  (...addresses: string[]): LookupFunction =>
  (_host, _options, done) =>
    done(
      null,
      addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    )

async function listening(): Promise<number> {
  const server = createServer((socket) => {
    socket.on('error', () => {})
    socket.end('hello')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  return (server.address() as AddressInfo).port
}

/** What the connection has brought, or why there was none. */
function connection(port: number, lookup: LookupFunction): Promise<string> {
  return new Promise((resolve) => {
    const made = openConnection(
      `member.test:${port}`,
      {
        onOpen: () => {},
        onData: (chunk) => resolve(Buffer.from(chunk).toString()),
        onDrain: () => {},
        onClose: (error) => resolve(error?.message ?? ''),
      },
      lookup,
    )
    onTestFinished(() => made.close())
  })
}

test('a name with several addresses, of which the first refuses: the next is connected to', async () => {
  expect(await connection(await listening(), resolvesTo('::1', '127.0.0.1'))).toBe('hello')
})

test('a name with several addresses, of which the first is silent: the next is connected to, within the timeout of a connection', async () => {
  const startedAt = performance.now()
  expect(await connection(await listening(), resolvesTo(NOBODY, '127.0.0.1'))).toBe('hello')
  expect(performance.now() - startedAt).toBeLessThan(1000)
})

test('a name all of whose addresses refuse: the error names each of them', async () => {
  const port = await listening()
  const message = await connection(port, resolvesTo('::1', '127.0.0.9'))
  expect(message).toContain(`ECONNREFUSED ::1:${port}`)
  expect(message).toContain(`ECONNREFUSED 127.0.0.9:${port}`)
})
