import { defineConfig, type Options } from 'tsup'

/** The build of every package: ESM for Node 20 with types, one file per entry point. */
export function library(entry: Record<string, string>, options: Options = {}) {
  return defineConfig({
    entry,
    format: 'esm',
    target: 'node20',
    dts: true,
    sourcemap: true,
    clean: true,
    treeshake: true,
    ...options,
  })
}
