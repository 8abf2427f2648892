import { Host, type Incarnation, Links, type SimulatedStream, type StreamConditions, StreamNetwork, World } from '../../src/index.js'

/** What the owner of an end has seen of it. */
export class End {
  readonly events: string[] = []
  readonly chunks: Uint8Array[] = []
  stream: SimulatedStream | null = null
  readonly onOpen: () => void = () => this.#note('open')
  readonly onDrain = () => this.#note('drain')
  readonly onClose = (error: Error | null) => this.#note(`close ${error?.message ?? ''}`.trim())
  readonly onData = (chunk: Uint8Array) => {
    this.#note('data')
    this.chunks.push(chunk)
  }
  #inside = 0

  #note(event: string): void {
    if (this.#inside > 0) this.events.push(`${event} from within`)
    else this.events.push(event)
  }

  /** Calls a method of the stream, during which nothing may be told. */
  call<T>(method: (stream: SimulatedStream) => T): T {
    if (this.stream === null) throw new Error('it has no stream')
    this.#inside += 1
    try {
      return method(this.stream)
    } finally {
      this.#inside -= 1
    }
  }

  write(bytes: Uint8Array): boolean {
    return this.call((stream) => stream.write(bytes))
  }

  /** Events other than data. */
  get told(): string[] {
    return this.events.filter((event) => event !== 'data')
  }

  get received(): number[] {
    return this.chunks.flatMap((chunk) => [...chunk])
  }
}

export const SMOOTH: Partial<StreamConditions> = { windowBytes: 65_536, cutting: 0, holding: 0, patience: [2000, 4000], lastWords: 1 }

/** A server at port 9000 of host a, and clients on host c. */
export class Streams {
  readonly world: World
  readonly links: Links
  readonly network: StreamNetwork
  readonly server: Host
  readonly client: Host
  readonly accepted: End[] = []

  constructor(seed: number, conditions: Partial<StreamConditions> = SMOOTH) {
    this.world = new World(seed)
    this.links = new Links(this.world, ['a', 'b'])
    this.links.join('c')
    this.network = new StreamNetwork(this.world, this.links, conditions)
    this.server = new Host('a', this.world)
    this.client = new Host('c', this.world)
    this.client.begin()
  }

  /** A new process on the server's host. */
  serve(make: () => End = () => new End()): () => void {
    return this.network.listen(this.server.begin(), 9000, (stream) => {
      const end = make()
      end.stream = stream
      this.accepted.push(end)
      return end
    })
  }

  connect(address = '10.0.0.1:9000'): End {
    const end = new End()
    end.stream = this.network.connector(this.client.incarnation as Incarnation).connect(address, end)
    return end
  }

  /** Both ends of an open connection. */
  async pair(): Promise<[End, End]> {
    if (this.server.incarnation === null) this.serve()
    const client = this.connect()
    await this.run(50)
    return [client, this.accepted.at(-1) as End]
  }

  async trio(): Promise<[End, End, this]> {
    return [...(await this.pair()), this]
  }

  run(ms: number): Promise<void> {
    return this.world.run(this.world.now + ms)
  }
}
