import type { Proposer } from '@raft/node/endpoint'

/** A node as one connection proposes to it: counts the bytes of the commands that it was given and has not answered. */
export class CountedProposer implements Proposer {
  openBytes = 0
  readonly #node: Proposer

  constructor(node: Proposer) {
    this.#node = node
  }

  submit(command: Uint8Array, done: Parameters<Proposer['submit']>[1]): void {
    this.openBytes += command.length
    this.#node.submit(command, (error, result) => {
      this.openBytes -= command.length
      done(error, result)
    })
  }

  submitRead(done: Parameters<Proposer['submitRead']>[0]): void {
    this.#node.submitRead(done)
  }
}
