import { basename } from 'node:path'
import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'
import { sourceAliases } from '../house.mjs'
import { chosenSuite, leavesOutSlowTests, mutatedFiles } from './suites.mjs'

const { tests, slowTests } = chosenSuite()

const ownTests = mutatedFiles().map((file) => basename(file).replace(/\.ts$/, '.test.ts'))

/** The first test that fails ends the trial of a mutant: those of the mutated files come first, and those that take long come last. */
class LikelyOnesFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification) => {
      const slowness = slowTests.findIndex((name) => moduleId.endsWith(`/${name}`))
      return ownTests.includes(basename(moduleId)) ? -2 : slowness
    }
    return [...files].sort((a, b) => place(a) - place(b) || (a.moduleId < b.moduleId ? -1 : 1))
  }
}

// The unit tests of one suite, in one worker and without a copy of every module for each file: a mutant is tried in a second then.
export default defineConfig({
  resolve: { alias: sourceAliases().map(({ name, path }) => ({ find: new RegExp(`^${name}$`), replacement: path })) },
  test: {
    deps: { interopDefault: false },
    include: [...tests],
    exclude: leavesOutSlowTests() ? slowTests.filter((name) => !ownTests.includes(name)).map((name) => `**/${name}`) : [],
    testTimeout: 10_000,
    isolate: false,
    fileParallelism: false,
    sequence: { sequencer: LikelyOnesFirst },
  },
})
