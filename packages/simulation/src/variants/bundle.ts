import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { build, type Plugin } from 'esbuild'
import { root } from '../repository.js'
import { broken, type Variant } from './variant.js'

const RUNNER = 'packages/simulation/src/variants/runner.ts'

interface House {
  sourceAliases(base: string): readonly { readonly name: string; readonly path: string }[]
}

/** The runner with all it needs, in one file, from sources of which one is broken; null: none is. */
export async function bundleRunner(variant: Variant | null, outfile: string): Promise<void> {
  const house: House = await import(pathToFileURL(join(root, 'tools/house.mjs')).href)
  await build({
    entryPoints: [join(root, RUNNER)],
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    // CommonJS packages that want `require`.
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
    logLevel: 'error',
    plugins: [sources(house), ...(variant === null ? [] : [patch(variant)])],
  })
}

/** Our packages are taken from their sources, as the tests take them. */
function sources(house: House): Plugin {
  const paths = new Map(house.sourceAliases(root).map(({ name, path }) => [name, path]))
  return {
    name: 'sources',
    setup: ({ onResolve }) => {
      onResolve({ filter: /^@raft\// }, ({ path }) => {
        const source = paths.get(path)
        return source === undefined ? null : { path: source }
      })
    },
  }
}

/** As a regular expression of Go, which esbuild uses. */
const escaped = (text: string) => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')

function patch(variant: Variant): Plugin {
  const file = join(root, variant.file)
  return {
    name: 'variant',
    setup: ({ onLoad, onEnd }) => {
      let isLoaded = false
      // Of this file only: each other one would cost a message to this process and back.
      onLoad({ filter: new RegExp(`^${escaped(file)}$`) }, async ({ path }) => {
        isLoaded = true
        return { contents: broken(variant, await readFile(path, 'utf8')), loader: 'ts' }
      })
      onEnd(({ errors }) => {
        // A variant of a file that the simulation never loads breaks nothing.
        if (errors.length === 0 && !isLoaded) throw new Error(`variant "${variant.name}": ${variant.file} is no part of the simulation`)
      })
    },
  }
}
