import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { firstBytes, whyNotHere } from '../src/platform.js'
import { VERSION } from '../src/version.js'

const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
const glibc = () => Buffer.from('\u007fELF … /lib64/ld-linux-x86-64.so.2')
const musl = () => Buffer.from('\u007fELF … /lib/ld-musl-x86_64.so.1')

test('a Node that is too old is told so in one line', () => {
  for (const version of ['v18.20.4', 'v20.18.3', 'v16.0.0', 'v14.21.3'])
    expect(whyNotHere({ version, platform: 'linux', program: glibc })).toBe(
      `Node.js 20.19 or later is needed, and this is ${version}: install a newer one (https://nodejs.org)`,
    )
  for (const version of ['v20.19.0', 'v22.0.0', 'v24.1.0']) expect(whyNotHere({ version, platform: 'linux', program: glibc })).toBeNull()
  expect(manifest.engines.node).toBe('>=20.19')
})

test('a Node that is built for musl is told so in one line, and only on Linux', () => {
  expect(whyNotHere({ version: 'v22.0.0', platform: 'linux', program: musl })).toMatch(/^a Linux with glibc is needed.*musl.*node:22-slim/)
  expect(whyNotHere({ version: 'v22.0.0', platform: 'darwin', program: musl })).toBeNull()
  expect(firstBytes(process.execPath).length).toBe(4096)
  expect(firstBytes('/nowhere').length).toBe(0)
})

test('the version is that of the package', () => {
  expect(VERSION).toBe(manifest.version)
})
