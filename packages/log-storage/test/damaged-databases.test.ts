import { spawnSync } from 'node:child_process'
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { commands, write } from './support/log.js'
import { realStorages } from './support/real-storages.js'
import { seeded } from './support/seeded.js'
import { bundleWriter } from './support/writer-bundle.js'

const TIMES = Number(process.env['RAFT_FUZZ'] ?? 1)
const ENTRIES = 300
/** Files in which nothing of the log stands. */
const OTHERS = /^(LOCK|LOG|LOG\.old|lock\.mdb)$/

let root: string
let bundle: string

beforeAll(async () => {
  root = await mkdtemp(`${tmpdir()}/raft-log-`)
  bundle = await bundleWriter()
})

afterAll(async () => {
  await rm(root, { recursive: true })
  await rm(bundle, { recursive: true })
})

// In processes of their own, for damage in its pages may make LMDB end the process.
describe.each(realStorages.filter(({ backend }) => backend !== 'file'))('$name', ({ backend, make }) => {
  test('with bytes changed, sectors lost or a file cut at random, a log is refused, or ends early: no entry is ever another', {
    timeout: 30_000 * TIMES,
  }, async () => {
    const origin = `${root}/${backend}`
    const storage = make({ directory: origin, clusterId: 'c1', memberId: 'n1' })
    await storage.open()
    for (let i = 1; i <= ENTRIES; i += 3) {
      const payloads = [i, i + 1, i + 2].map((index) => `${index}`.padEnd(40 + (index % 300), '.'))
      await write(storage, [commands(i, i, payloads)], { currentTerm: i, votedFor: null })
    }
    await storage.close()
    let refused = 0
    for (let seed = 1; seed <= 10 * TIMES; seed++) {
      const copy = `${root}/${backend}-${seed}`
      await cp(origin, copy, { recursive: true })
      const what = await damage(`${copy}/${backend}`, seed)
      const { stdout, signal } = spawnSync(process.execPath, [`${bundle}/writer.js`, backend, copy, 'read'], { encoding: 'utf8' })
      const said = stdout.trim().split('\n').at(-1) ?? ''
      expect(stdout, what).not.toContain('wrong at')
      if (said.startsWith('RAFT_')) refused += 1
      else if (signal !== null) expect(`${backend} ${signal}`, what).toMatch(/^lmdb SIG(ABRT|BUS|SEGV)$/)
      else expect(said, what).toMatch(/^whole to \d+$/)
      await rm(copy, { recursive: true })
    }
    expect(refused).toBeGreaterThan(3 * TIMES)
  })
})

/** Says what it did. */
async function damage(directory: string, seed: number): Promise<string> {
  const random = seeded(seed)
  const names = (await readdir(directory)).filter((name) => !OTHERS.test(name)).sort()
  // Mostly where the entries are.
  const sizes = await Promise.all(names.map(async (name) => (await readFile(`${directory}/${name}`)).length))
  const most = sizes.indexOf(Math.max(...sizes))
  const name = names[random() < 0.7 ? most : Math.floor(random() * names.length)] as string
  const bytes = await readFile(`${directory}/${name}`)
  const at = Math.floor(random() * bytes.length)
  const kind = Math.floor(random() * 3)
  if (kind === 0 && bytes.length > 0) bytes.writeUInt8(bytes.readUInt8(at) ^ (1 << Math.floor(random() * 8)), at)
  if (kind === 1) bytes.fill(0, at - (at % 512), Math.min(bytes.length, at - (at % 512) + 512))
  await writeFile(`${directory}/${name}`, kind === 2 ? bytes.subarray(0, at) : bytes)
  return `seed ${seed}: ${['a bit of', 'a sector of', 'cut'][kind]} ${name} at ${at}`
}
