import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { samples } from './samples.js'

const fixtures = JSON.parse(readFileSync(new URL('../fixtures/protocol.json', import.meta.url), 'utf8')) as Record<string, string>

// Written by hand from docs/formats.md: the bytes of the commands are what the log of every member holds.
const byHand: Record<string, string> = {
  'client preamble': 'af52414654 01 02 00',
  'server preamble': 'af52414654 02 01 02 02 6e31 01 63 04030201',
  'server preamble of version 1': 'af52414654 01 01 02 02 6e31 01 63',
  'server preamble of no version': 'af52414654 00 01 02 02 6e31 01 63',
  'command put': '01 01 01000000 6b 05000000 76616c7565',
  'command delete': '01 02 01000000 6b',
  'command compareAndSet': '01 03 01000000 6b 0500000000010000 01000000 76',
  'command transaction':
    '01 04 04000000' +
    '01 01 01000000 6b 01000000 76' +
    '02 02 01000000 6b 0100000000000000' +
    '03 03 01000000 6b 0200000000000000' +
    '04 04 01000000 6b 0300000000000000' +
    '02000000 01 01000000 6b 01000000 76  02 01000000 6b' +
    '02000000 05 01000000 6b  06 01 01000000 70 02000000 7061 07000000',
  'body get': '01 01000000 6b',
  'body range': '03 00 01000000 70 00000000 00000000',
  'frame of two requests': '21000000  01000000 01 f4010000 07000000 01020100000 06b  05040302 04 00000000 00000000',
  'result put': '0100000000000000 0000000000010000 0300000000000000',
  'error unknown': '02 14000000 524146545f4f5554434f4d455f554e4b4e4f574e 01000000 3f 00',
}

test.each(Object.keys(samples))('%s has the bytes of the fixture', (name) => {
  expect(Buffer.from(samples[name] as Uint8Array).toString('hex')).toBe(fixtures[name])
})

test('no fixture is left without a sample', () => {
  expect(Object.keys(fixtures)).toEqual(Object.keys(samples))
})

test.each(Object.keys(byHand))('%s is as docs/formats.md has it', (name) => {
  expect(Buffer.from(samples[name] as Uint8Array).toString('hex')).toBe(byHand[name]?.replaceAll(' ', ''))
})
