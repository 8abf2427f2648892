import { type Command, decodeCommand, encodeCommand } from '@raft/state-machine'
import { describe, expect, test } from 'vitest'
import { bytes } from './help.js'

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
      compares: [
        { target: 'value', relation: 'equal', key, operand: value },
        { target: 'createRevision', relation: 'notEqual', key, operand: 0 },
        { target: 'modRevision', relation: 'less', key, operand: 5 },
        { target: 'version', relation: 'greater', key, operand: Number.MAX_SAFE_INTEGER },
      ],
      thenSteps: [
        { type: 'put', key, value },
        { type: 'delete', key },
        { type: 'get', key },
        { type: 'range', prefix: key, after: value, limit: 7 },
      ],
      elseSteps: [{ type: 'range', prefix: bytes(''), limit: 0 }],
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
      { type: 'transaction', compares: [], thenSteps: [{ type: 'range', limit: 2 ** 32 }], elseSteps: [] },
      'RAFT_COMMAND_MALFORMED',
    ],
    [
      '10,001 steps',
      { type: 'transaction', compares: [], thenSteps: Array.from({ length: 10_001 }, () => ({ type: 'delete', key })), elseSteps: [] },
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
