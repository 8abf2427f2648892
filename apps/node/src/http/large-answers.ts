import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Account } from '../account.js'
import { overloaded } from '../overload.js'

/** An answer that has been found and not been sent. */
export interface FoundAnswer {
  /** What the entries in it take. */
  readonly entriesBytes: number
  readonly give: () => void
}

/** Answers of less are not counted until they are taken. */
const SMALL_ANSWER_BYTES = 16 * 1024
/** What entries take as JSON, in proportion to what they are. */
const ANSWER_WEIGHT = 2
/** What the answers of one connection may take while they are queued behind another one. */
const MAX_QUEUED_BYTES = 32 * 1024 * 1024

/** Answers with keys and values, which count from when they are there until the client has taken them. */
export class LargeAnswers {
  readonly #account: Account
  /** What the answers of each connection take that were queued. */
  readonly #queued = new WeakMap<Socket, Account>()

  /** @param account what the member holds for its clients */
  constructor(account: Account) {
    this.#account = account
  }

  /**
   * Sends what `find` prepares to read, which is read directly before room is asked for: one confirmation can let hundreds of
   * requests read. What is found for a request whose turn has not come, and has no room in the queue of its connection, is
   * let go, and read again at its turn.
   * @throws what `find` throws; OverloadedError when the member has no room
   */
  async read(response: ServerResponse, find: () => Promise<() => FoundAnswer>): Promise<void> {
    if (await this.#attempt(response, find)) return
    await turnOf(response)
    if (!isGone(response)) await this.#attempt(response, find)
  }

  /** Sends an answer. @throws what `refusal` gives when the member has no room for it */
  send(response: ServerResponse, { entriesBytes, give }: FoundAnswer, refusal: () => Error = () => overloaded(this.#account)): void {
    const bytes = ANSWER_WEIGHT * entriesBytes
    if (bytes >= SMALL_ANSWER_BYTES && !isGone(response)) {
      const account = isItsTurn(response) ? this.#account : this.#queueOf(response)
      if (!this.#account.hasRoomFor(bytes)) throw refusal()
      account.add(bytes)
      response.once('close', () => account.release(bytes))
    }
    give()
  }

  /** A function of its own, so that nothing holds what was found while a request waits for its turn. @returns whether it is answered */
  async #attempt(response: ServerResponse, find: () => Promise<() => FoundAnswer>): Promise<boolean> {
    const read = await find()
    if (this.#account.isFull) throw overloaded(this.#account)
    const found = read()
    if (!this.#mayBeHeld(response, ANSWER_WEIGHT * found.entriesBytes)) return false
    this.send(response, found)
    return true
  }

  #mayBeHeld(response: ServerResponse, bytes: number): boolean {
    if (bytes < SMALL_ANSWER_BYTES || isItsTurn(response) || isGone(response)) return true
    const queue = this.#queueOf(response)
    return queue.bytes + bytes <= queue.limit
  }

  #queueOf({ req: { socket } }: ServerResponse): Account {
    const existing = this.#queued.get(socket)
    if (existing !== undefined) return existing
    const queue = this.#account.part(MAX_QUEUED_BYTES)
    this.#queued.set(socket, queue)
    return queue
  }
}

function isGone(response: ServerResponse): boolean {
  return response.closed || response.destroyed
}

/** Node gives the socket to the first of the answers that are owed. */
function isItsTurn(response: ServerResponse): boolean {
  return response.socket !== null
}

/** Fulfilled once every answer before this one has left, or the connection has ended. */
function turnOf(response: ServerResponse): Promise<void> {
  if (isItsTurn(response) || isGone(response)) return Promise.resolve()
  return new Promise((resolve) => {
    response.once('socket', () => resolve())
    response.once('close', () => resolve())
  })
}
