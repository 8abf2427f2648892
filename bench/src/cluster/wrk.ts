import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { LoadFailedError } from './load-failed-error.js'
import type { TargetKind } from './target.js'

/** One script for both: it draws a key, and speaks the HTTP of whom it is told. */
const SCRIPT = `
local target, operation, bytes, keys = os.getenv('TARGET'), os.getenv('OPERATION'), tonumber(os.getenv('BYTES')), tonumber(os.getenv('KEYS'))
local value = string.rep('v', bytes)
local alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'

local function base64(text)
  local out = {}
  for i = 1, #text, 3 do
    local a, b, c = text:byte(i, i + 2)
    local n = a * 65536 + (b or 0) * 256 + (c or 0)
    local digit = function(shift) local d = math.floor(n / shift) % 64 + 1 return alphabet:sub(d, d) end
    out[#out + 1] = digit(262144) .. digit(4096) .. (b and digit(64) or '=') .. (c and digit(1) or '=')
  end
  return table.concat(out)
end

local encoded = base64(value)
local requests = {}

init = function()
  math.randomseed(os.time() + math.floor(os.clock() * 1e6))
  for n = 1, keys do
    local key = string.format('key-%08d', n - 1)
    if target == 'raft' then
      local path = '/v1/kv/' .. key .. (operation == 'get' and '?raw' or '')
      requests[n] = operation == 'put' and wrk.format('PUT', path, nil, value) or wrk.format('GET', path)
    else
      local body = '{"key":"' .. base64(key) .. '"' .. (operation == 'put' and ',"value":"' .. encoded .. '"' or '') .. '}'
      requests[n] = wrk.format('POST', operation == 'put' and '/v3/kv/put' or '/v3/kv/range', nil, body)
    end
  end
end

request = function() return requests[math.random(keys)] end
`

export interface WrkLoad {
  readonly target: TargetKind
  /** `host:port` of the one member that is asked. */
  readonly address: string
  readonly operation: 'put' | 'get'
  readonly connections: number
  readonly valueBytes: number
  readonly keys: number
  /** In ms; whole seconds are measured, one at least. */
  readonly duration: number
  /** Where the script is written. */
  readonly directory: string
}

export interface WrkOutcome {
  /** Operations a second. */
  readonly rate: number
  /** In ms. */
  readonly median: number
  readonly p99: number
}

/** @throws LoadFailedError when an answer was an error, Error when wrk is not installed */
export async function runWrk({
  target,
  address,
  operation,
  connections,
  valueBytes,
  keys,
  duration,
  directory,
}: WrkLoad): Promise<WrkOutcome> {
  const script = join(directory, 'wrk.lua')
  writeFileSync(script, SCRIPT)
  const threads = String(Math.min(2, connections))
  const seconds = Math.max(1, Math.round(duration / 1000))
  const flags = [
    '-t',
    threads,
    '-c',
    String(connections),
    '-d',
    `${seconds}s`,
    '--latency',
    '--timeout',
    '30s',
    '-s',
    script,
    `http://${address}`,
  ]
  const env = { ...process.env, TARGET: target, OPERATION: operation, BYTES: String(valueBytes), KEYS: String(keys) }
  const { stdout } = await promisify(execFile)('wrk', flags, { env }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') throw new Error('wrk is not installed: on Debian, apt-get install wrk', { cause: error })
    throw error
  })
  return parseWrk(stdout)
}

/** What wrk says with `--latency`. @throws LoadFailedError when it tells of answers that are errors, Error when it is not understood */
export function parseWrk(text: string): WrkOutcome {
  const errors = /Non-2xx or 3xx responses: .*|Socket errors: .*/.exec(text)
  if (errors !== null) throw new LoadFailedError(`wrk: ${errors[0]}`)
  return { rate: Number(field(text, /Requests\/sec:\s+([\d.]+)/)), median: milliseconds(text, '50%'), p99: milliseconds(text, '99%') }
}

function field(text: string, pattern: RegExp): string {
  const found = pattern.exec(text)?.[1]
  if (found === undefined) throw new Error(`wrk said what was not expected: ${text}`)
  return found
}

const IN_MS: Readonly<Record<string, number>> = { us: 0.001, ms: 1, s: 1000 }

function milliseconds(text: string, percentile: string): number {
  const found = field(text, new RegExp(`\\s${percentile}\\s+([\\d.]+(?:us|ms|s))`))
  return Number.parseFloat(found) * (IN_MS[found.replace(/^[\d.]+/, '')] ?? Number.NaN)
}
