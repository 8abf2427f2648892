import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { z } from 'zod'
import { type Report, report } from '../../src/figure.js'
import { writePage } from '../../src/report/write-page.js'
import { tablesOf } from '../../src/tables.js'

const TEMPLATE = new URL('../../src/report/performance.template.md', import.meta.url)
const RECORDED = fileURLToPath(new URL('./cluster.json', import.meta.url))
const [recorded] = z.tuple([report]).parse(JSON.parse(readFileSync(RECORDED, 'utf8')))

let directory: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'raft-bench-test-'))
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

async function written(...files: string[]): Promise<string> {
  const out = join(directory, 'performance.md')
  await writePage({ files, out, template: TEMPLATE })
  return readFileSync(out, 'utf8')
}

function fileOf(name: string, content: unknown): string {
  const file = join(directory, name)
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content))
  return file
}

function plots(): string[] {
  return readdirSync(join(directory, 'performance')).sort()
}

function figuresOf(what: string): Report['figures'] {
  return recorded.figures.filter((figure) => figure.what === what)
}

test('the page has the part that people wrote, the machine, the command and every table', async () => {
  const page = await written(RECORDED)
  expect(page).toContain('corrected for coordinated omission')
  for (const line of recorded.machine) expect(page).toContain(`- ${line}\n`)
  expect(page).toContain(`\`${recorded.command}\`, begun 2026-11-23 21:52 UTC, on`)
  for (const what of ['writes/s', 'p99 latency, ms']) expect(page).toContain(tablesOf({ figures: figuresOf(what), ratios: [] }))
  expect(page).toContain(tablesOf({ figures: [], ratios: recorded.ratios }))
  expect(page).not.toContain('<!--')
})

test('there is a plot for what varies with one condition, and one of ratios; the page shows all of them', async () => {
  const page = await written(RECORDED)
  expect(plots()).toEqual([
    'cluster-node-20-aims.svg',
    'cluster-node-20-p99-latency-ms-128-b-outstanding.svg',
    'cluster-node-20-writes-s-128-b-outstanding.svg',
  ])
  for (const name of plots()) {
    expect(page).toContain(`(performance/${name})`)
    const svg = readFileSync(join(directory, 'performance', name), 'utf8')
    expect(svg).toMatch(/^<svg [\s\S]*<\/svg>\n$/)
    // Its own background: pages are dark too.
    expect(svg).toContain('fill="#ffffff"')
    expect(svg).not.toMatch(/NaN|undefined|Infinity/)
  }
})

test('a plot names who was measured, and its axes', async () => {
  await written(RECORDED)
  const svg = readFileSync(join(directory, 'performance/cluster-node-20-writes-s-128-b-outstanding.svg'), 'utf8')
  const texts = [...svg.matchAll(/<text [^>]*>([^<]*)<\/text>/g)].map(([, text]) => text)
  expect(texts).toEqual(expect.arrayContaining(['writes/s', '128 B', 'raft', 'etcd', 'outstanding', '1', '64', '4,096', '100,000']))
})

test('made again of the same files, the page and its plots are the same byte for byte', async () => {
  const contents = () => plots().map((name) => readFileSync(join(directory, 'performance', name), 'utf8'))
  const first = [await written(RECORDED), ...contents()]
  expect([await written(RECORDED), ...contents()]).toEqual(first)
})

test('a plot that is made no more is removed, and what is no plot stays', async () => {
  mkdirSync(join(directory, 'performance'))
  for (const name of ['old.svg', 'notes.txt']) writeFileSync(join(directory, 'performance', name), '')
  await written(RECORDED)
  expect(plots()).not.toContain('old.svg')
  expect(plots()).toContain('notes.txt')
  await written(fileOf('less.json', [{ ...recorded, figures: figuresOf('writes/s'), ratios: [] }]))
  expect(plots()).toEqual(['cluster-node-20-writes-s-128-b-outstanding.svg', 'notes.txt'])
})

test('conditions of different kinds are not drawn on one plot, though they are measured at the same', async () => {
  const members = figuresOf('writes/s').map((figure) => ({ ...figure, x: figure.x && { name: 'members', value: figure.x.value } }))
  await written(fileOf('members.json', [{ ...recorded, figures: [...figuresOf('writes/s'), ...members], ratios: [] }]))
  expect(plots()).toEqual(['cluster-node-20-writes-s-128-b-members.svg', 'cluster-node-20-writes-s-128-b-outstanding.svg'])
})

test('a suite measured on two versions of Node has a section for each', async () => {
  const newer = { ...recorded, machine: recorded.machine.map((line) => line.replace('Node 20.20.2', 'Node 24.1.0')) }
  const page = await written(RECORDED, fileOf('newer.json', [newer]))
  expect(page.match(/^### .*/gm)).toEqual(['### Node 20.20.2', '### Node 24.1.0'])
  expect(page.indexOf('node-24-aims')).toBeGreaterThan(page.indexOf('### Node 24.1.0'))
  expect(plots()).toHaveLength(6)
  expect(await written(RECORDED)).not.toMatch(/^### /m)
})

test('two runs of a suite on the same Node are both shown, each with its own plots', async () => {
  const page = await written(RECORDED, RECORDED)
  expect(page.split(recorded.command)).toHaveLength(3)
  expect(plots()).toContain('cluster-node-20-aims-2.svg')
  expect(plots()).toHaveLength(6)
})

test('a suite that the template does not know has a section of its own, and one that is missing is said to be', async () => {
  const page = await written(fileOf('codec.json', [{ ...recorded, suite: 'codec' }]))
  expect(page).toMatch(/## Clusters\n\nNot measured yet\.\n\n## codec\n\n/)
  expect(page.indexOf('## codec')).toBeLessThan(page.indexOf('## To make it again'))
  expect(plots()[0]).toBe('codec-node-20-aims.svg')
})

test('an aim of 0 has no factor to it, and no bar', async () => {
  const ratio = { what: 'elections', at: '', of: 'raft', to: null, rounds: [0], aim: { atMost: 0 } }
  const page = await written(fileOf('elections.json', [{ ...recorded, figures: [], ratios: [ratio] }]))
  expect(page).toContain('elections: raft')
  expect(plots()).toEqual([])
})

test.each([
  ['no JSON', '{ "suite": ', /^\S+broken\.json is no JSON: .+$/],
  ['one report without its array', recorded, /^\S+broken\.json is no report of 'pnpm bench': .+$/],
  ['a report without figures', [{ ...recorded, figures: undefined }], /^\S+broken\.json is no report of 'pnpm bench' at 0\.figures: .+$/],
])('a file with %s is refused with one line that names it, and nothing is written', async (_, content, line) => {
  await expect(written(RECORDED, fileOf('broken.json', content))).rejects.toThrow(line)
  expect(readdirSync(directory)).toEqual(['broken.json'])
})

test('a file that is not there is refused by its name', async () => {
  await expect(written(join(directory, 'none.json'))).rejects.toThrow(/^\S+none\.json cannot be read: ENOENT.*$/)
})

test('a page without an extension is refused: its plots need a folder of its name', async () => {
  const options = { files: [RECORDED], out: join(directory, 'performance'), template: TEMPLATE }
  await expect(writePage(options)).rejects.toThrow('has no extension')
})
