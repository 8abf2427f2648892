import { describe, expect, it } from 'vitest'
import { formatHostPort, parseHostPort } from '../src/index.js'

describe('host:port', () => {
  it.each([
    ['127.0.0.1:7001', '127.0.0.1', 7001],
    ['raft.example.com:0', 'raft.example.com', 0],
    ['[::1]:65535', '::1', 65_535],
    ['[fe80::1%br-lan]:7001', 'fe80::1%br-lan', 7001],
  ])('%s is read, and written as it was', (text, host, port) => {
    expect(parseHostPort(text)).toEqual({ host, port })
    expect(formatHostPort({ host, port })).toBe(text)
  })

  it.each(['', '127.0.0.1', ':7001', '127.0.0.1:', '::1:7001', '[::1]', '[]:1', 'a b:1', 'a:65536', 'a:-1', 'a:1.5', 'a:1 ', 'a:123456'])(
    '%j is none',
    (text) => {
      expect(parseHostPort(text)).toBe(null)
    },
  )
})
