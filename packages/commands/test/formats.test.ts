import { describe, expect, test } from 'vitest'
import { type Command, decodeCommand, encodeCommand } from '../src/index.js'

const bytes = (text: string) => Buffer.from(text, 'latin1')

const key = bytes('key')
const value = bytes('\x00\xff')

// The bytes of docs/formats.md, written out. They are on disks: a test that fails here is a change of the format.
const FIXTURES: [name: string, hex: string, command: Command][] = [
  ['put', '01 01 03000000 6b6579 02000000 00ff', { type: 'put', key, value }],
  ['put of an empty value', '01 01 03000000 6b6579 00000000', { type: 'put', key, value: bytes('') }],
  ['delete', '01 02 03000000 6b6579', { type: 'delete', key }],
  [
    'compareAndSet',
    '01 03 03000000 6b6579 0100000002000000 02000000 00ff',
    { type: 'compareAndSet', key, prevRevision: 2 * 2 ** 32 + 1, value },
  ],
  [
    'transaction',
    [
      '01 04',
      '04000000  01 01 03000000 6b6579 02000000 00ff  02 02 03000000 6b6579 0000000000000000',
      '          03 03 03000000 6b6579 0500000000000000  04 04 03000000 6b6579 ffffffffffff1f00',
      '04000000  01 03000000 6b6579 02000000 00ff  02 03000000 6b6579  05 03000000 6b6579',
      '          06 01 03000000 6b6579 02000000 00ff 07000000',
      '01000000  06 00 00000000 00000000 00000000',
    ].join(' '),
    {
      type: 'transaction',
      compare: [
        { key, relation: 'equal', value: value },
        { key, relation: 'notEqual', createRevision: 0 },
        { key, relation: 'less', modRevision: 5 },
        { key, relation: 'greater', version: Number.MAX_SAFE_INTEGER },
      ],
      success: [
        { type: 'put', key, value },
        { type: 'delete', key },
        { type: 'get', key },
        { type: 'range', prefix: key, after: value, limit: 7 },
      ],
      failure: [{ type: 'range', prefix: bytes(''), limit: 0 }],
    },
  ],
]

describe.each(FIXTURES)('%s', (_, hex, command) => {
  const fixture = Buffer.from(hex.replaceAll(' ', ''), 'hex')

  test('is encoded to the bytes of docs/formats.md', () => {
    expect(Buffer.from(encodeCommand(command)).toString('hex')).toBe(fixture.toString('hex'))
  })

  test('is decoded from them', () => {
    expect(decodeCommand(fixture)).toEqual(command)
  })
})

describe('encodeCommand refuses', () => {
  test.each<[string, Command, string]>([
    ['an empty key', { type: 'delete', key: bytes('') }, 'RAFT_KEY_LENGTH'],
    ['a key of 65,536 bytes', { type: 'put', key: Buffer.alloc(65_536), value }, 'RAFT_KEY_LENGTH'],
    ['a revision below 0', { type: 'compareAndSet', key, prevRevision: -1, value }, 'RAFT_COMMAND_MALFORMED'],
    ['a revision that is no whole number', { type: 'compareAndSet', key, prevRevision: 0.5, value }, 'RAFT_COMMAND_MALFORMED'],
    [
      'a limit that is no u32',
      { type: 'transaction', compare: [], success: [{ type: 'range', limit: 2 ** 32 }], failure: [] },
      'RAFT_COMMAND_MALFORMED',
    ],
    [
      '10,001 steps',
      { type: 'transaction', compare: [], success: Array.from({ length: 10_001 }, () => ({ type: 'delete', key })), failure: [] },
      'RAFT_TRANSACTION_TOO_LARGE',
    ],
  ])('%s', (_, command, code) => {
    expect(() => encodeCommand(command)).toThrow(expect.objectContaining({ code }))
  })

  test('but takes a key of 65,535 bytes', () => {
    const command: Command = { type: 'delete', key: Buffer.alloc(65_535, 1) }
    expect(decodeCommand(encodeCommand(command))).toEqual(command)
  })
})
