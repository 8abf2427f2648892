import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { root } from '../house.mjs'

/** What `docs/operations.md` tells an operator to look at, to set or to look for is in the source under that name. */

const page = read('docs/operations.md')

function read(path: string): string {
  return readFileSync(join(root, path), 'utf8')
}

function sourcesIn(folder: string): string {
  const files = readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'))
  return files.map((name) => read(`${folder}/${name}`)).join('\n')
}

const node = sourcesIn('apps/node/src')
const everything = [node, ...['core', 'log-storage', 'udp-transport'].map((name) => sourcesIn(`packages/${name}/src`))].join('\n')

/** All that the page names so, each once. */
function named(pattern: RegExp, text = page): string[] {
  return [...new Set([...text.matchAll(pattern)].map(([whole, part]) => part ?? whole))].sort()
}

/** The first cells of the table with this head. */
function firstCells(head: string): string[] {
  const [, ...rest] = page.split(`\n| ${head} |`)
  const rows = (rest[0] ?? '').split('\n\n')[0]?.split('\n').slice(2) ?? []
  return rows.flatMap((row) => named(/`([^`]+)`/g, row.split(' | ')[0]))
}

describe('docs/operations.md', () => {
  it('names metrics that a member has', () => {
    const metrics = firstCells('metric')
    const own = metrics.filter((name) => !name.startsWith('process_'))
    expect(own.filter((name) => !node.includes(`'${name}'`))).toEqual([])
    expect(own.length).toBeGreaterThan(12)
    const library = join(root, 'apps/node/node_modules/prom-client/lib/metrics')
    const ofProcess = readdirSync(library)
      .filter((name) => name.endsWith('.js'))
      .map((name) => readFileSync(join(library, name), 'utf8'))
    for (const name of metrics.filter((one) => one.startsWith('process_'))) {
      expect(
        ofProcess.some((text) => text.includes(`'${name}'`)),
        name,
      ).toBe(true)
    }
  })

  it('names events that the transport counts', () => {
    const row = page.split('\n').find((line) => line.startsWith('| `raft_transport_events_total`')) ?? ''
    const counters = read('packages/udp-transport/src/counters.ts')
    const events = named(/`([a-zA-Z_]+)`/g, row.split(' | ')[1])
    expect(events.filter((event) => !counters.includes(`${event.replace('dropped_', '')}: 0`))).toEqual([])
    expect(events.length).toBeGreaterThan(3)
  })

  it('names flags, environment variables and error codes that there are', () => {
    const flags = named(/--[a-z][a-z-]+/g)
    expect(flags.filter((flag) => !node.includes(`'${flag} <`))).toEqual([])
    const variablesAndCodes = named(/RAFT_[A-Z_]+/g)
    // The secret's variable has no flag, and so stands without quotation marks where it is taken.
    expect(variablesAndCodes.filter((name) => !everything.includes(`'${name}'`) && !node.includes(`{ ${name}:`))).toEqual([])
    expect(variablesAndCodes.length).toBeGreaterThan(18)
  })

  it('names keys of cluster.json that there are', () => {
    const schema = read('apps/node/src/config/schema.ts')
    const keys = named(/`(?:timing|limits|members\.<id>)\.([a-zA-Z]+)`|allowedHosts/g)
    expect(keys.filter((key) => !schema.includes(`${key}: `))).toEqual([])
    expect(keys.length).toBeGreaterThan(6)
  })

  it('quotes log lines as they are', () => {
    const lines = firstCells('message')
    expect(lines.filter((line) => !everything.includes(line))).toEqual([])
    expect(lines.length).toBeGreaterThan(4)
  })

  it('names endpoints that there are', () => {
    const routes = read('apps/node/src/http/routes.ts')
    expect(named(/`GET (\/[a-z0-9/]+)`/g).filter((path) => !routes.includes(`'${path}'`))).toEqual([])
  })
})

it.each(['README.md', 'apps/node/README.md', 'docs/operations.md', 'docs/paper.md', 'docs/from-python.md'])(
  '%s links to pages and headings that are there',
  (path) => {
    const broken = named(/\]\(([^)\s]+)\)/g, read(path)).filter((link) => {
      if (/^[a-z]+:/.test(link)) return false
      const [file = '', anchor] = link.split('#')
      const target = file === '' ? path : join(dirname(path), file)
      if (!existsSync(join(root, target))) return true
      return anchor !== undefined && !anchorsOf(read(target)).includes(anchor)
    })
    expect(broken).toEqual([])
  },
)

/** As GitHub makes them of headings. */
function anchorsOf(markdown: string): string[] {
  return [...markdown.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  )
}
