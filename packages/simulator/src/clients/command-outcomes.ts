import { EntryKind } from '@raft/core'
import { payloadDigest } from '../facts/entry-digest.js'
import type { EntryWatcher, Facts } from '../facts/facts.js'

interface Command {
  readonly by: string
  /** Whether it may be appended more often than it was asked for. Such a command is asked for once. */
  readonly mayRepeat: boolean
  begun: number
  refused: number
  succeeded: number
  appended: number
  committed: number
}

/**
 * What clients were told of their commands, against the logs of all members, written and committed. A command that was refused must
 * not stand in any log, at any later time; one that succeeded is committed before that is told; and each stands in the logs at most as
 * often as it was asked for. Equal commands are not told apart, they are counted.
 */
export class CommandOutcomes implements EntryWatcher {
  readonly #facts: Facts
  readonly #commands = new Map<number, Command>()
  /** Terms of the entries that were seen, by index: each entry counts once, whatever number of members writes it. */
  readonly #seen = new Map<number, number[]>()

  constructor(facts: Facts) {
    this.#facts = facts
    facts.entryWatcher = this
  }

  /**
   * @param mayRepeat whether the client may send it again after an attempt of unknown outcome; then no other command may be equal
   * @returns what to call the command in the other methods
   */
  begin(payload: Uint8Array, by: string, { mayRepeat = false }: { readonly mayRepeat?: boolean } = {}): number {
    const digest = payloadDigest(EntryKind.Command, payload)
    const command = this.#commands.get(digest) ?? { by, mayRepeat, begun: 0, refused: 0, succeeded: 0, appended: 0, committed: 0 }
    command.begun += 1
    this.#commands.set(digest, command)
    return digest
  }

  /** The client was told that the command certainly has no effect, and never will. */
  refuse(digest: number, by: string): void {
    const command = this.#command(digest)
    command.refused += 1
    this.#compare(command, by)
  }

  /** The client was told the result of the command. */
  succeed(digest: number, by: string): void {
    const command = this.#command(digest)
    command.succeeded += 1
    if (command.succeeded > command.committed)
      this.#facts.violated('success is committed', `${by} is told that a command was carried out, which no member has committed`)
  }

  appended(index: number, term: number, digest: number): void {
    const command = this.#commands.get(digest)
    if (command === undefined) return
    const terms = this.#seen.get(index) ?? []
    if (terms.includes(term)) return
    terms.push(term)
    this.#seen.set(index, terms)
    command.appended += 1
    if (command.appended > command.begun && !command.mayRepeat)
      this.#facts.violated(
        'appended once',
        `a command of ${command.by} was given ${command.begun} times and stands in the logs ${command.appended} times`,
      )
    this.#compare(command, command.by)
  }

  committed(digest: number): void {
    const command = this.#commands.get(digest)
    if (command !== undefined) command.committed += 1
  }

  #compare({ begun, refused, appended }: Command, by: string): void {
    if (refused > 0 && appended > begun - refused)
      this.#facts.violated(
        'refused is not appended',
        `${by}: of ${begun} equal commands ${refused} were refused, and ${appended} stand in the logs`,
      )
  }

  #command(digest: number): Command {
    const command = this.#commands.get(digest)
    if (command === undefined) throw new Error('this command was never begun')
    return command
  }
}
