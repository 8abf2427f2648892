import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { onTestFinished, type TestContext } from 'vitest'
import type { Host } from '../../src/local/process-cluster.js'

/*
 * Hosts of their own for the members of a test: network namespaces, joined by a bridge, with nftables in each to lose what
 * arrives. What is cut is what comes from other members; the test itself reaches every member all the time.
 *
 *   const network = new NamespaceNetwork(3)       ends with the test
 *   network.hosts                                 for startCluster({ hosts })
 *   network.cut(0, 1)                             host 1 hears nothing from host 0
 *   network.cutPort(0, 1, 'udp', '10.0.0.2:7001') nothing from host 0 arrives at that port of host 1
 *   network.isolate(0)                            host 0 and the others hear nothing from one another
 *   network.unplug(0)                             host 0 hears nothing at all, the test neither
 *   network.lose(20)                              each host loses so many of 100 datagrams from other members
 *   network.narrow(1400)                          larger packets to any host vanish without a word, and so do fragments
 *   network.heal()                                nothing is lost any more
 */

const PREFIX = 'raftns'
let networks = 0

/** Why namespaces cannot be had here; null when they can. */
export function whyNoNamespaces(): string | null {
  if (process.platform !== 'linux') return 'not on Linux'
  if (process.getuid?.() !== 0) return 'not root'
  const probe = `${PREFIX}-${process.pid}-probe`
  try {
    run('ip', 'netns', 'add', probe)
    try {
      run('ip', 'netns', 'exec', probe, 'nft', 'add', 'table', 'inet', 'raft')
      run('ip', 'link', 'add', `rp${process.pid}`, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', probe)
    } finally {
      run('ip', 'netns', 'delete', probe)
    }
    return null
  } catch (error) {
    return `no namespaces with nftables: ${error instanceof Error ? error.message.split('\n')[0] : error}`
  }
}

export class NamespaceNetwork {
  readonly hosts: readonly Host[]
  readonly #names: readonly string[]
  readonly #cables: readonly string[]
  // The kernel takes its time to remove what a test before had.
  readonly #number = ++networks
  readonly #bridge = `rb${process.pid}n${this.#number}`

  /** @param test with which the network ends: to be given where tests run at the same time */
  constructor(count: number, test: Pick<TestContext, 'onTestFinished'> = { onTestFinished }) {
    removeLeftovers()
    const subnet = `10.${200 + (this.#number % 50)}.${process.pid % 250}`
    this.#names = Array.from({ length: count }, (_, i) => `${PREFIX}-${process.pid}-${this.#number}n${i + 1}`)
    this.#cables = this.#names.map((_, i) => `rv${process.pid.toString(36)}x${this.#number}n${i + 1}`)
    this.hosts = this.#names.map((name, i) => ({ address: `${subnet}.${i + 1}`, launcher: ['ip', 'netns', 'exec', name] }))
    test.onTestFinished(() => this.#remove())
    run('ip', 'link', 'add', this.#bridge, 'type', 'bridge')
    run('ip', 'address', 'add', `${subnet}.254/24`, 'dev', this.#bridge)
    run('ip', 'link', 'set', this.#bridge, 'up')
    this.#names.forEach((name, i) => {
      this.#join(name, this.#cables[i] as string, `${subnet}.${i + 1}`)
    })
  }

  cut(from: number, to: number): void {
    this.#rule(to, 'ip', 'saddr', this.#address(from), 'drop')
  }

  /** @param address `host:port`, of which only the port counts */
  cutPort(from: number, to: number, protocol: 'udp' | 'tcp', address: string): void {
    const port = address.slice(address.lastIndexOf(':') + 1)
    this.#rule(to, 'ip', 'saddr', this.#address(from), protocol, 'dport', port, 'drop')
  }

  isolate(host: number): void {
    this.hosts.forEach((_, other) => {
      if (other === host) return
      this.cut(host, other)
      this.cut(other, host)
    })
  }

  unplug(host: number): void {
    this.#rule(host, 'iifname', '!=', 'lo', 'drop')
  }

  lose(percent: number): void {
    this.hosts.forEach((_, host) => {
      this.#rule(host, 'meta', 'l4proto', 'udp', 'numgen', 'random', 'mod', '100', '<', `${percent}`, 'drop')
    })
  }

  /** Looked at before fragments are put together, as a tunnel does. */
  narrow(bytes: number): void {
    this.hosts.forEach((_, host) => {
      this.#ruleOf('passing', host, 'meta', 'l4proto', 'udp', 'ip', 'length', '>', `${bytes}`, 'counter', 'drop')
      this.#ruleOf('passing', host, 'ip', 'frag-off', '&', '0x3fff', '!=', '0', 'counter', 'drop')
    })
  }

  /** How many packets were too large for the way to any host. */
  get swallowed(): number {
    const counted = this.#names.flatMap((name) => [
      ...run('ip', 'netns', 'exec', name, 'nft', 'list', 'chain', 'inet', 'raft', 'passing').matchAll(/counter packets (\d+)/g),
    ])
    return counted.reduce((sum, [, packets]) => sum + Number(packets), 0)
  }

  heal(): void {
    for (const name of this.#names) {
      for (const chain of ['arriving', 'passing']) run('ip', 'netns', 'exec', name, 'nft', 'flush', 'chain', 'inet', 'raft', chain)
    }
  }

  #address(host: number): string {
    return (this.hosts[host] as Host).address
  }

  #rule(host: number, ...rule: string[]): void {
    this.#ruleOf('arriving', host, ...rule)
  }

  #ruleOf(chain: 'arriving' | 'passing', host: number, ...rule: string[]): void {
    run('ip', 'netns', 'exec', this.#names[host] as string, 'nft', 'add', 'rule', 'inet', 'raft', chain, ...rule)
  }

  #join(name: string, cable: string, address: string): void {
    run('ip', 'netns', 'add', name)
    run('ip', 'link', 'add', cable, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', name)
    run('ip', 'link', 'set', cable, 'master', this.#bridge, 'up')
    const inside = (...command: string[]) => run('ip', 'netns', 'exec', name, ...command)
    inside('ip', 'link', 'set', 'lo', 'up')
    inside('ip', 'address', 'add', `${address}/24`, 'dev', 'eth0')
    inside('ip', 'link', 'set', 'eth0', 'up')
    inside('nft', 'add', 'table', 'inet', 'raft')
    inside('nft', 'add chain inet raft arriving { type filter hook input priority 0; }')
    inside('nft', 'add chain inet raft passing { type filter hook prerouting priority -450; }')
  }

  #remove(): void {
    for (const cable of this.#cables) quietly('ip', 'link', 'delete', cable)
    for (const name of this.#names) quietly('ip', 'netns', 'delete', name)
    quietly('ip', 'link', 'delete', this.#bridge)
  }
}

/** Of runs that were killed before they could clean up. */
function removeLeftovers(): void {
  const gone = (pid: string) => pid !== String(process.pid) && !existsSync(`/proc/${pid}`)
  for (const [name, pid] of run('ip', 'netns', 'list').matchAll(new RegExp(`${PREFIX}-(\\d+)-\\w+`, 'g'))) {
    if (gone(pid ?? '')) quietly('ip', 'netns', 'delete', name)
  }
  for (const [, bridge, pid] of run('ip', '-o', 'link', 'show', 'type', 'bridge').matchAll(/(rb(\d+)n\d+):/g)) {
    if (gone(pid ?? '')) quietly('ip', 'link', 'delete', bridge ?? '')
  }
}

function run(command: string, ...args: string[]): string {
  return execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
}

function quietly(command: string, ...args: string[]): void {
  try {
    run(command, ...args)
  } catch {
    // It is gone already.
  }
}
