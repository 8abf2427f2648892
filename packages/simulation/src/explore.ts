import { type Exploration, explore } from '@raft/simulator'
import { Command, Option } from 'commander'
import { type NamedScope, scopeNamed, scopes } from './explore/scopes.js'

const print = (line: string): void => {
  process.stdout.write(`${line}\n`)
}

const program = new Command('explore')
  .description('Visits every state that a few members can come to, in every order of events, and checks each.')
  .addOption(
    new Option('--scope <name>', scopes.map(({ name, description }) => `${name}: ${description}`).join('; ')).choices(
      scopes.map(({ name }) => name),
    ),
  )
  .option('--all', 'all scopes, one after the other (the default)')
  .action(({ scope }: { scope?: string }) => {
    const chosen = scope === undefined ? scopes : [scopeNamed(scope)]
    // Every one is told of, also when one fails.
    const outcomes = chosen.map((one) => run(one))
    process.exitCode = outcomes.every((isAsExpected) => isAsExpected) ? 0 : 1
  })

program.parse()

/** @returns whether it went as it did before: exhausted, with nothing found, in as many states */
function run({ name, description, scope, states }: NamedScope): boolean {
  print(`${name}: ${description}`)
  const startedAt = performance.now()
  const seconds = () => (performance.now() - startedAt) / 1000
  const found = explore(scope, {
    onDepth: ({ depth, states: seen, frontier }) => {
      if (process.stderr.isTTY) process.stderr.write(`\r  ${depth} moves deep: ${seen} states, ${frontier} of them new`)
    },
  })
  if (process.stderr.isTTY) process.stderr.write('\r\u001b[K')
  print(
    `  ${found.states} states, ${found.moves} moves, ${found.depth} deep, ${found.beyond} beyond the highest term; ${seconds().toFixed(1)} s, ${Math.round(found.states / seconds())} states a second`,
  )
  if (found.counterexample !== null) {
    tell(found.counterexample)
    return false
  }
  if (found.states !== states) print(`  it had ${states} states before: find out what has changed, then write the new number to scopes.ts`)
  return found.isExhausted && found.states === states
}

function tell({ oracle, message, steps }: NonNullable<Exploration['counterexample']>): void {
  print(`  broke "${oracle}" in ${steps.length} moves: ${message}`)
  steps.forEach(({ what, members }, at) => {
    print(`  ${at + 1}. ${what}`)
    for (const member of members) print(`       ${member}`)
  })
}
