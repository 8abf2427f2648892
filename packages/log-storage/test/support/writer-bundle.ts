import { mkdtemp } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { build } from 'tsup'

export const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url))

/**
 * The program of writer-process.ts with the sources as they are, in one file, so that no test runs against a stale build. Gives
 * the directory of `writer.js`, which lies where Node finds the dependencies of this package; whoever asked removes it.
 */
export async function bundleWriter(): Promise<string> {
  const bundle = await mkdtemp(path('../../node_modules/.writer-'))
  await build({
    entry: { writer: fileURLToPath(new URL('./writer-process.ts', import.meta.url)) },
    outDir: bundle,
    format: 'esm',
    target: 'node20',
    silent: true,
    config: false,
    noExternal: ['@raft/core', '@raft/system'],
    external: ['fs-native-extensions', 'lmdb', 'classic-level'],
    esbuildOptions: (options) => {
      options.alias = { '@raft/core': path('../../../core/src/index.ts'), '@raft/system': path('../../../system/src/index.ts') }
    },
  })
  return bundle
}
