import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { getKey, putKey, showStatus } from '../src/client-commands.js'
import { startInProcess, temporaryDirectory } from './cluster.js'

/** What a command writes, as text. */
function recorder(isTTY = false) {
  const written: Uint8Array[] = []
  return {
    isTTY,
    write: (text: string | Uint8Array) => written.push(Buffer.from(text)),
    text: () => Buffer.concat(written).toString('latin1'),
  }
}

test('put writes a value, and get gives it back as it is, with a line break on a terminal only', async () => {
  const cluster = await startInProcess()
  const settings = { members: cluster.addresses.join(',') }
  const put = recorder()
  await putKey(settings, 'k', Uint8Array.of(0xff, 0, 0x80), put)
  expect(put.text()).toBe('revision 1\n')
  for (const [isTTY, expected] of [
    [false, '\u00ff\u0000\u0080'],
    [true, '\u00ff\u0000\u0080\n'],
  ] as const) {
    const got = recorder(isTTY)
    expect(await getKey(settings, 'k', got)).toBe(true)
    expect(got.text()).toBe(expected)
  }
  const none = recorder()
  expect([await getKey(settings, 'missing', none), none.text()]).toEqual([false, ''])
})

test('status shows every member that cluster.json names, and those that do not answer', async () => {
  const cluster = await startInProcess(3, {}, 2)
  const config = join(temporaryDirectory(), 'cluster.json')
  writeFileSync(config, JSON.stringify({ members: cluster.members }))
  const shown = recorder()
  expect(await showStatus({ config, timeout: '1000' }, shown)).toBe(false)
  const lines = shown.text().trimEnd().split('\n')
  expect(lines[0]).toMatch(/^member +address +role +leader +term +applied +commit +revision$/)
  expect(lines).toHaveLength(4)
  expect(lines.filter((line) => / leader +n[12] /.test(line))).toHaveLength(1)
  expect(lines.find((line) => line.includes(cluster.addresses[2] ?? ''))).toMatch(/^\? /)
  const json = recorder()
  await showStatus({ config, timeout: '1000', json: true }, json)
  expect(JSON.parse(json.text())).toEqual(expect.arrayContaining([expect.objectContaining({ memberId: 'n1', role: expect.any(String) })]))
})

test('whom to ask must be said, and how', async () => {
  const output = recorder()
  await expect(showStatus({}, output)).rejects.toThrow(/give --members .* or --config cluster\.json/)
  await expect(showStatus({ members: 'nowhere' }, output)).rejects.toThrow(/members: expected client addresses .* found "nowhere"/)
  await expect(showStatus({ config: '/nowhere.json' }, output)).rejects.toThrow(/cannot be read/)
  await expect(showStatus({ members: '127.0.0.1:1', timeout: 'soon' }, output)).rejects.toThrow(/timeout: expected/)
})
