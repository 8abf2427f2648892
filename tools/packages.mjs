// @ts-check
import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './house.mjs'

/** @typedef {{ path: string, name: string, manifest: { private?: boolean, exports?: Record<string, unknown>, dependencies?: Record<string, string> } }} Package */

/** Every package that others may install. @returns {Package[]} */
export function publicPackages() {
  return ['packages', 'apps']
    .flatMap((folder) => readdirSync(join(root, folder)).map((name) => join(root, folder, name)))
    .filter((path) => existsSync(join(path, 'package.json')))
    .map((path) => {
      const manifest = JSON.parse(readFileSync(join(path, 'package.json'), 'utf8'))
      return { path, name: manifest.name, manifest }
    })
    .filter(({ manifest }) => manifest.private !== true)
}

/** The name of a package's tarball, which has no version in it. @param {string} name of the package */
export const tarballName = (name) => `${name.replace('@', '').replace('/', '-')}.tgz`

/**
 * Packs a built package as it would be published: what is `workspace:` in its dependencies becomes a version, and what is in its
 * `publishConfig` is put into its place. (Within the workspace there are no programs, as an installation comes before the build.)
 *
 * @param {Package} each
 * @param {string} directory where the tarball goes
 * @returns {string} its path
 */
export function pack({ path, name }, directory) {
  const tarball = join(directory, tarballName(name))
  const [program, ...args] = pnpm('pack', '--out', tarball)
  execFileSync(program, args, { cwd: path, stdio: ['ignore', 'ignore', 'inherit'] })
  return tarball
}

/** The pnpm that runs this script, which need not be on the PATH. @param {string[]} args @returns {[string, ...string[]]} */
export function pnpm(...args) {
  const running = process.env['npm_execpath']
  return running?.includes('pnpm') ? [process.execPath, running, ...args] : ['pnpm', ...args]
}
