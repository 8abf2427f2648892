import { expect, test } from 'vitest'
import { describeArguments } from '../src/config/flags.js'

const FLAGS = ['--id', '--config', '--data-dir', '--secret-file']

test('flags that are not known are all named, with the one that was probably meant, and without what was given to them', () => {
  expect(describeArguments(['--datadir', 'data', '--secret=hunter2', '--xyz', '--', '-x'], FLAGS)).toEqual([
    '--datadir: there is no such flag: did you mean --data-dir?',
    '--secret: there is no such flag',
    '--xyz: there is no such flag',
    '--: there is no such flag',
    '-x: there is no such flag',
  ])
  expect(describeArguments(['hunter2'], FLAGS)).toEqual(['an argument belongs to no flag: everything is given as --flag value'])
  expect(describeArguments([], FLAGS)).toEqual([])
})
