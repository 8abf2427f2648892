// @ts-check
import { mkdirSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { root } from './house.mjs'
import { pack, publicPackages } from './packages.mjs'

/*
 * node tools/tarballs.mjs [DIRECTORY]: packs every public package into a file without a version in its name, and says how
 * they are installed. Nothing is published yet, so this is how the packages come into another project. Needs a build.
 */

const directory = resolve(process.argv[2] ?? join(root, 'tarballs'))
const packages = publicPackages()
mkdirSync(directory, { recursive: true })
const tarballs = packages.map((each) => pack(each, directory))
console.log(`${packages.length} packages are packed in ${relative('.', directory) || '.'}. In the folder of your project:

  npm install ${tarballs.map(quoted).join(' ')}

They need each other, so install them together. What they need of others comes from the registry.`)

/** As one word of a command line. @param {string} path */
function quoted(path) {
  return /^[\w./:\\@-]+$/.test(path) ? path : JSON.stringify(path)
}
