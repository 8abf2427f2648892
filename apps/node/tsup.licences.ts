import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Options } from 'tsup'

type Plugin = NonNullable<Options['esbuildPlugins']>[number]

/** The folder of the package that a file of node_modules belongs to, and its name. */
const PACKAGE = /^(.*\/node_modules\/((?:@[^/]+\/)?[^/]+))\//

/** Whoever hands on a bundle hands on what is in it, and with each of those packages its licence. */
export function licencesOfBundled(file: string): Plugin {
  return {
    name: 'licences of what is bundled',
    setup(build) {
      build.initialOptions.metafile = true
      build.onEnd(({ metafile }) => {
        const folders = new Map<string, string>()
        for (const input of Object.keys(metafile?.inputs ?? {})) {
          const [, folder, name] = PACKAGE.exec(input) ?? []
          if (folder !== undefined && name !== undefined) folders.set(name, folder)
        }
        const texts = [...folders].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, folder]) => `${name}\n\n${licenceIn(folder)}`)
        writeFileSync(file, texts.join(`\n${'-'.repeat(80)}\n\n`))
      })
    },
  }
}

/** @throws Error when the package has none: then it cannot be bundled. */
function licenceIn(folder: string): string {
  const name = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry))
  if (name !== undefined) return readFileSync(join(folder, name), 'utf8')
  const { license, author } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { license?: string; author?: unknown }
  if (license === undefined) throw new Error(`${dirname(folder)}: a package without a licence`)
  return `${license}, ${JSON.stringify(author)}\n`
}
