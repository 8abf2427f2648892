#!/usr/bin/env node
import { firstBytes, whyNotHere } from './platform.js'

// Nothing else is loaded before this is known: an older Node could not even read it.
const reason = whyNotHere({ version: process.version, platform: process.platform, program: () => firstBytes(process.execPath) })
if (reason === null) void import('./command.js')
else {
  process.stderr.write(`raft-node: ${reason}\n`)
  process.exitCode = 1
}
