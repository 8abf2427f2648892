import { SingleBar } from 'cli-progress'

export interface Progress {
  update(done: number): void
  stop(): void
}

/** A bar on a terminal; elsewhere a line for every tenth. */
export function startProgress(total: number, stream: NodeJS.WriteStream = process.stdout): Progress {
  return stream.isTTY ? bar(total, stream) : lines(total, stream)
}

function bar(total: number, stream: NodeJS.WriteStream): Progress {
  const single = new SingleBar({ format: '  [{bar}] {percentage} %  {value} of {total} records', stream, hideCursor: true })
  single.start(total, 0)
  return {
    update: (done) => single.update(done),
    stop: () => single.stop(),
  }
}

function lines(total: number, stream: NodeJS.WriteStream): Progress {
  let tenth = 0
  return {
    update: (done) => {
      const reached = Math.floor((done * 10) / total)
      if (reached <= tenth) return
      tenth = reached
      stream.write(`  ${tenth * 10} %  ${done} of ${total} records\n`)
    },
    stop: () => {},
  }
}
