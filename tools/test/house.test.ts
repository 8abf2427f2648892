import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { entryPoints, root } from '../house.mjs'

const packages = ['packages', 'apps'].flatMap((folder) =>
  readdirSync(join(root, folder))
    .map((name) => `${folder}/${name}`)
    .filter((path) => existsSync(join(root, path, 'package.json'))),
)

test.each(packages)('the entry points that the tools know of %s are its exports', (path) => {
  const manifest: { name: string; exports?: Record<string, unknown> } = JSON.parse(readFileSync(join(root, path, 'package.json'), 'utf8'))
  const exported = Object.keys(manifest.exports ?? {}).map((subpath) => manifest.name + subpath.slice(1))
  expect(Object.keys(entryPoints).filter((name) => `${name}/`.startsWith(`${manifest.name}/`))).toEqual(exported)
  for (const name of exported) expect(existsSync(join(root, entryPoints[name] ?? 'missing'))).toBe(true)
})
