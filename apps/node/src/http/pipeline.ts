import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

/** Requests of one connection that are worked on at one time. */
const MAX_ACTIVE = 16
/** Requests of one connection that may wait for those; whoever sends more reads no answers, and is cut off. */
const MAX_WAITING = 4096

interface Pipeline {
  active: number
  readonly waiting: [IncomingMessage, ServerResponse][]
}

/**
 * Node hands out all pipelined requests of a chunk at once. A few bytes can ask for megabytes, so only some are worked on, and
 * the next when an answer has left.
 */
export function limitPipelining(handle: RequestListener, onAnswered: () => void): RequestListener {
  const pipelines = new WeakMap<Socket, Pipeline>()
  const run = (pipeline: Pipeline, request: IncomingMessage, response: ServerResponse) => {
    pipeline.active += 1
    response.once('close', () => {
      pipeline.active -= 1
      // Whoever answers early leaves a body behind; it is thrown away, or the connection would be of no more use.
      request.resume()
      const next = pipeline.waiting.shift()
      if (next !== undefined) run(pipeline, ...next)
      onAnswered()
    })
    handle(request, response)
  }
  return (request, response) => {
    const { socket } = request
    let pipeline = pipelines.get(socket)
    if (pipeline === undefined) {
      pipeline = { active: 0, waiting: [] }
      pipelines.set(socket, pipeline)
    }
    if (pipeline.active < MAX_ACTIVE) run(pipeline, request, response)
    else if (pipeline.waiting.length < MAX_WAITING) pipeline.waiting.push([request, response])
    else socket.destroy()
  }
}
