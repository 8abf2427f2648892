import { execFile } from 'node:child_process'

/**
 * The load that etcd brings with it: 1000 clients in Go, 1 kB values, for a minute. Writes/s.
 *
 * @throws Error when etcdctl is not installed, or says what is not understood
 */
export function etcdCheck(addresses: readonly string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, ETCDCTL_API: '3' }
    // It ends with an error when the machine is slower than it expects; what it measured it says all the same.
    execFile('etcdctl', [`--endpoints=${addresses.join(',')}`, 'check', 'perf', '--load=xl'], { env }, (error, stdout) => {
      const found = /Throughput (?:too low: |is )(\d+) writes\/s/.exec(stdout)?.[1]
      if (found === undefined) reject(new Error(`etcdctl check perf: ${stdout || error?.message}`, { cause: error }))
      else resolve(Number(found))
    })
  })
}
