import { basename } from 'node:path'
import { expect, test } from 'vitest'
import { publicPackages, tarballName } from '../packages.mjs'
import { read } from './support/documents.js'

const packages = publicPackages()

/** What a package needs of ours, itself included. */
function needed(name: string, found = new Set<string>()): Set<string> {
  found.add(name)
  const { dependencies = {} } = packages.find((each) => each.name === name)?.manifest ?? {}
  for (const dependency of Object.keys(dependencies))
    if (packages.some((each) => each.name === dependency) && !found.has(dependency)) needed(dependency, found)
  return found
}

test.each(packages.map(({ name, path }) => [name, path]))(
  'the README of %s says how it is installed, with all that it needs',
  (name, path) => {
    const readme = read(`${basename(path) === 'node' ? 'apps' : 'packages'}/${basename(path)}/README.md`)
    const tarballs = /^npm install (.*\.tgz)$/m.exec(readme)?.[1]?.split(' ')
    const all = '../raft/tarballs/raft-*.tgz'
    // The programs of a README may need more than its package does.
    if (!tarballs?.includes(all)) {
      expect(tarballs).toEqual(expect.arrayContaining([...needed(name)].map((each) => `../raft/tarballs/${tarballName(each)}`)))
    }
    expect(readme).toContain('](../../README.md#install)')
  },
)
