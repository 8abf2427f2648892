import { StartError } from '../errors.js'
import type { CreateNodeOptions } from '../options.js'
import { isUnspecified, parseAddress, reachable } from './address.js'
import { problem } from './problems.js'

/** Others cannot reach a member at an address that stands for all of a machine. @throws StartError that names every such address */
export function checkReachable({ members, transport }: CreateNodeOptions): void {
  const problems: string[] = []
  for (const [id, addresses] of Object.entries(members)) {
    for (const kind of ['peer', 'client'] as const) {
      const text = addresses[kind]
      // A transport of one's own has addresses of its own.
      if (text === undefined || (kind === 'peer' && transport !== undefined)) continue
      const address = parseAddress(text)
      if (address !== null && isUnspecified(address)) problems.push(problem(`members.${id}.${kind}`, reachable(kind, text), text))
    }
  }
  if (problems.length > 0) throw new StartError(problems.join('; '))
}
