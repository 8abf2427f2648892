import { ConfigurationError } from '@raft/core'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { clusterIdOfMembers, deriveClusterId } from '../src/config/cluster-id.js'
import { type ConfigSources, loadConfig, type Settings } from '../src/index.js'

/** `pnpm fuzz` sets it to run so many times as much. */
const TIMES = Number(process.env['RAFT_FUZZ'] ?? 1)
const SECRET = 'a secret of sixteen bytes and more'
const members = {
  n1: { peer: '127.0.0.1:7001', client: '127.0.0.1:8001' },
  n2: { peer: '127.0.0.1:7002', client: '127.0.0.1:8002' },
  n3: { peer: '[::1]:7003', client: 'host.example:8003', bind: { peer: '0.0.0.0:7103' } },
}
const settings: Settings = { id: 'n1', config: '/etc/raft/cluster.json', dataDir: '/var/raft' }

function sources(file: unknown, more: Partial<ConfigSources> & { files?: Record<string, string> } = {}): ConfigSources {
  return {
    env: {},
    readFile: (path) => {
      const text = path === settings.config ? (typeof file === 'string' ? file : JSON.stringify(file)) : more.files?.[path]
      if (text === undefined) throw new Error(`ENOENT: no such file, open '${path}'`)
      return text
    },
    ...more,
  }
}

function problems(file: unknown, given: Settings = settings, more = {}): string {
  try {
    loadConfig(given, sources(file, more))
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigurationError)
    const { message } = error as ConfigurationError
    expect(message).not.toContain('\n')
    return message
  }
  throw new Error('the configuration was accepted')
}

test('a complete file: members with their addresses, bound where they are reached unless told otherwise', () => {
  const config = loadConfig(settings, sources({ clusterId: 'c', secret: SECRET, members, timing: { electionTimeout: 900 } }))
  expect(config).toMatchObject({ id: 'n1', clusterId: 'c', secrets: [SECRET], timing: { electionTimeout: 900 }, limits: {} })
  expect(config.members[2]).toEqual({ id: 'n3', addresses: { peer: '[::1]:7003', client: 'host.example:8003' } })
  expect(config.bind).toEqual({ peer: { host: '127.0.0.1', port: 7001 }, client: { host: '127.0.0.1', port: 8001 } })
  const third = loadConfig({ ...settings, id: 'n3' }, sources({ secret: SECRET, members }))
  expect(third.bind).toEqual({ peer: { host: '0.0.0.0', port: 7103 }, client: { host: 'host.example', port: 8003 } })
})

test('the storage is the one that the file names, and files where it names none', () => {
  expect(loadConfig(settings, sources({ secret: SECRET, members })).storage).toBe('file')
  for (const storage of ['file', 'lmdb', 'level'])
    expect(loadConfig(settings, sources({ secret: SECRET, members, storage })).storage).toBe(storage)
  expect(problems({ secret: SECRET, members, storage: 'sqlite' })).toBe('storage: expected "file", "lmdb" or "level", found "sqlite"')
  expect(problems({ secret: SECRET, members, storage: 7 })).toBe('storage: expected "file", "lmdb" or "level", found 7')
})

test('hosts under which HTTP may be asked for are names without ports', () => {
  expect(loadConfig(settings, sources({ secret: SECRET, members })).allowedHosts).toEqual([])
  const allowedHosts = ['raft.example.com', '*']
  expect(loadConfig(settings, sources({ secret: SECRET, members, allowedHosts })).allowedHosts).toEqual(allowedHosts)
  expect(problems({ secret: SECRET, members, allowedHosts: ['raft.example.com:8001', 7] }).split('; ')).toEqual([
    expect.stringMatching(/^allowedHosts\.0: expected the name of a host .* without port, or "\*", found "raft\.example\.com:8001"$/),
    expect.stringMatching(/^allowedHosts\.1: .*found 7$/),
  ])
})

test('flags win over the environment, which wins over the file', () => {
  const file = { secret: SECRET, members, timing: { electionTimeout: 900, requestTimeout: 100 } }
  const given = { ...settings, electionTimeout: '700', bindClient: '0.0.0.0:9000', clusterId: 'flag' }
  const config = loadConfig(given, sources(file, { env: { RAFT_SECRET: 'the secret of the environment' } }))
  expect(config).toMatchObject({
    clusterId: 'flag',
    secrets: ['the secret of the environment'],
    timing: { electionTimeout: 700, requestTimeout: 100 },
    bind: { client: { host: '0.0.0.0', port: 9000 } },
  })
})

test('a secret comes as text, from a file beside cluster.json, from the environment, or as several of them', () => {
  const secret = [{ file: 'new.secret' }, { env: 'OLD' }, SECRET]
  const more = { env: { OLD: 'the old secret, still accepted' }, files: { '/etc/raft/new.secret': 'the new secret of the file\n' } }
  expect(loadConfig(settings, sources({ secret, members }, more)).secrets).toEqual([
    'the new secret of the file',
    'the old secret, still accepted',
    SECRET,
  ])
})

test('the derived cluster id is the same whatever the order of the members, and another one for other members or another secret', async () => {
  const id = await deriveClusterId(['n1', 'n2'], SECRET)
  expect(id).toMatch(/^raft-[0-9a-f]{24}$/)
  expect(await deriveClusterId(['n2', 'n1'], SECRET)).toBe(id)
  const hexadecimal = 'a0'.repeat(32)
  expect(await deriveClusterId(['n1', 'n2'], hexadecimal)).toBe(await deriveClusterId(['n1', 'n2'], Buffer.from(hexadecimal, 'hex')))
  const others = [
    await deriveClusterId(['n1', 'n3'], SECRET),
    await deriveClusterId(['n1', 'n2'], `${SECRET}.`),
    await deriveClusterId(['n1', 'n2'], hexadecimal),
    clusterIdOfMembers(['n1', 'n2']),
  ]
  expect(new Set([id, ...others]).size).toBe(5)
})

test('without a cluster id, the directory decides', () => {
  expect(loadConfig(settings, sources({ secret: SECRET, members })).clusterId).toBeNull()
})

test('a member id twice, or any key, is named', () => {
  const member = JSON.stringify(members.n1)
  const text = `{"secret":"${SECRET}","members":{"n1":${member},"n2":${JSON.stringify(members.n2)},"n\\u0031":${member}}}`
  expect(problems(text)).toBe(
    'config: /etc/raft/cluster.json: the key "members" → "n1" is there twice: keep one of the two (at line 1, column 173)',
  )
  expect(problems(`{"secret":"${SECRET}","secret":"${SECRET}","members":{}}`)).toMatch(/the key "secret" is there twice/)
  expect(problems(`{"members":${'['.repeat(100_000)}`)).toMatch(/more than 64 arrays and objects lie within each other/)
})

test('every problem is named at once: the key, what was expected, what was found', () => {
  const message = problems({
    secret: SECRET,
    members: { n1: { peer: 'nowhere', client: 8001 }, n2: { peer: '127.0.0.1:0', client: '127.0.0.1:8002', extra: 1 }, '': members.n3 },
    timing: { electionTimeout: -1, unknown: 2 },
    limits: { maxConnections: 1.5, maxDatagramBytes: 100 },
    more: true,
  })
  expect(message.split('; ')).toEqual(
    expect.arrayContaining([
      expect.stringMatching(/^members\.n1\.peer: expected an address .*, found "nowhere"$/),
      expect.stringMatching(/^members\.n1\.client: expected an address .*, found 8001$/),
      expect.stringMatching(/^members\.n2\.peer: expected an address .*, found "127\.0\.0\.1:0"$/),
      'members.n2.extra: there is no such key',
      expect.stringMatching(/^members: expected a member id .*, found ""$/),
      'timing.electionTimeout: expected a positive number of milliseconds, found -1',
      'timing.unknown: there is no such key',
      'limits.maxConnections: expected a whole number, found 1.5',
      'limits.maxDatagramBytes: expected a whole number from 256 to 65507, found 100',
      'more: there is no such key',
    ]),
  )
})

test('what is wrong with one key hides nothing of what is wrong with others, nor with flags', () => {
  const twice = { n1: members.n1, n2: members.n1, n3: { peer: 7 } }
  const file = { secret: { env: 'NONE' }, members: twice, more: true }
  const message = problems(file, { ...settings, id: 'n4', logLevel: 'loud' }, { env: { RAFT_LOGLEVEL: 'info' } })
  for (const problem of [
    /log-level: /,
    /more: /,
    /n3\.peer: /,
    /n3\.client: /,
    /NONE is not set/,
    /found "n4"/,
    /n2\.peer: .* found that of n1/,
  ])
    expect(message).toMatch(problem)
  expect(message).toContain('RAFT_LOGLEVEL is not known and has no effect: did you mean RAFT_LOG_LEVEL?')
  // One too many, and the rest is looked at all the same.
  expect(problems(`{"members":{},"members":{"n1":${JSON.stringify(members.n1)}}}`)).toMatch(/is there twice.*; secret: expected/)
})

test('a mistake in JSON is told with its line and its column, and nothing around it is shown', () => {
  const place = (text: string) => /config: \S+ is not JSON \((at line \d+, column \d+)\)$/.exec(problems(text))?.[1]
  expect(place('{\n  "secret": "hunter2hunter2hunter2"\n  "members": {}\n}')).toBe('at line 3, column 3')
  expect(place('{"members": {},}')).toBe('at line 1, column 16')
  expect(place("{\n'members': {}}")).toBe('at line 2, column 1')
  expect(place('{"members": {"n1": [1, tru]}}')).toBe('at line 1, column 24')
  expect(place('{"secret": "hunter2\n"}')).toBe('at line 1, column 20')
  expect(place('{"secret": "hunter2\\x"}')).toBe('at line 1, column 20')
  expect(place('{"members"')).toBe('at line 1, column 11')
  expect(place('{} // members')).toBe('at line 1, column 4')
  expect(place('')).toBe('at line 1, column 1')
})

test('a key that is not known is told with the one that was probably meant', () => {
  const file = {
    secrets: 'hunter2hunter2hunter2',
    members: { n1: { ...members.n1, clinet: '127.0.0.1:8001', bind: { Peer: '0.0.0.0:7001' } } },
    electionTimeout: 500,
    timing: { 'heartbeat-interval': 50, banana: 1 },
  }
  expect(problems(file).split('; ')).toEqual(
    expect.arrayContaining([
      'secrets: there is no such key: did you mean "secret"?',
      'members.n1.clinet: there is no such key: did you mean "client"?',
      'members.n1.bind.Peer: there is no such key: did you mean "peer"?',
      'electionTimeout: there is no such key: did you mean "timing.electionTimeout"?',
      'timing.heartbeat-interval: there is no such key: did you mean "heartbeatInterval"?',
      'timing.banana: there is no such key',
    ]),
  )
})

test('an address that stands for all of a machine is none at which others reach a member, and one to listen at', () => {
  for (const host of ['0.0.0.0', '[::]', '[0:0:0:0:0:0:0:0]', '[::ffff:0.0.0.0]', '0']) {
    const all = { peer: `${host}:7001`, client: `${host}:8001` }
    expect(problems({ secret: SECRET, members: { n1: all } }).split('; ')).toEqual([
      expect.stringContaining(`members.n1.peer: expected an address at which others reach this member`),
      expect.stringContaining(`as "bind": {"client": "${host}:8001"}), found "${host}:8001"`),
    ])
    expect(loadConfig(settings, sources({ secret: SECRET, members: { n1: { ...members.n1, bind: all } } })).bind.peer.port).toBe(7001)
  }
})

test('environment variables that are empty count as unset, and unknown ones are warned of', () => {
  const env = {
    RAFT_SECRET: '',
    RAFT_DATADIR: 'hunter2',
    RAFT_EMPTY: '',
    RAFT_OLD: 'the old secret, still accepted',
    RAFT_SERVICE_HOST: '10.0.0.1',
    RAFT_PORT_8001_TCP_ADDR: '10.0.0.1',
    HOME: '/root',
  }
  const config = loadConfig(settings, sources({ secret: [SECRET, { env: 'RAFT_OLD' }], members }, { env }))
  expect(config.secrets).toEqual([SECRET, env.RAFT_OLD])
  expect(config.warnings).toEqual(['the environment variable RAFT_DATADIR is not known and has no effect: did you mean RAFT_DATA_DIR?'])
  expect(problems({ secret: { env: 'RAFT_SECRET' }, members }, settings, { env })).toContain('RAFT_SECRET is not set, or empty')
})

test('what is missing or weak is said, and no secret is ever shown', () => {
  expect(problems({ members }, {})).toBe(
    'id: expected a member id (--id or RAFT_ID), found nothing; config: expected the path of cluster.json (--config or RAFT_CONFIG), found nothing; ' +
      'data-dir: expected the path of a directory (--data-dir or RAFT_DATA_DIR), found nothing',
  )
  expect(problems({ members })).toContain('secret: expected "secret" in cluster.json')
  expect(problems({ secret: 'hunter2', members })).toMatch(/^secret: expected at least 16 bytes, found 7/)
  expect(problems({ secret: { file: 'missing' }, members })).toContain('secret.file: cannot be read')
  expect(problems({ secret: { env: 'NONE' }, members })).toContain('NONE is not set')
  expect(problems({ secret: { fiel: 'hunter2' }, members })).not.toContain('hunter2')
  expect(problems({ secret: ['hunter2hunter2hunter2', { x: 'hunter3' }], members })).not.toContain('hunter')
  expect(problems('{"secret": "hunter2hunter2hunter2" "members": {}}')).not.toContain('hunter')
  expect(problems({ members: { ...members, secret: 'hunter2hunter2hunter2' } })).not.toContain('hunter')
  expect(problems({ secret: SECRET, members }, { ...settings, id: 'n9' })).toBe(
    'id: expected one of the members in cluster.json (n1, n2, n3), found "n9"',
  )
  expect(problems({ secret: SECRET, members: { n1: members.n1, n2: members.n1 } })).toContain(
    'members.n2.peer: expected an address of its own',
  )
})

test('configurations by the thousand, valid, mutated and random: accepted or refused in one line', { timeout: 60_000 * TIMES }, () => {
  const valid = JSON.stringify({ secret: SECRET, members, clusterId: 'c', timing: { electionTimeout: 900 }, limits: { maxConnections: 5 } })
  const mutated = fc
    .tuple(fc.nat(valid.length - 1), fc.nat(8), fc.string({ maxLength: 8 }))
    .map(([at, cut, text]) => valid.slice(0, at) + text + valid.slice(at + cut))
  const anything = fc.oneof(
    mutated,
    fc.json(),
    fc.string(),
    fc.object().map((value) => JSON.stringify({ ...JSON.parse(valid), ...value })),
  )
  const text = fc.option(fc.string(), { nil: undefined })
  const flags = fc.record({ electionTimeout: text, bindPeer: text, logLevel: text, id: fc.oneof(fc.constant('n1'), fc.string()) })
  fc.assert(
    fc.property(anything, fc.option(flags, { nil: {} }), (file, given) => {
      const cleaned = Object.fromEntries(Object.entries(given ?? {}).filter(([, value]) => value !== undefined))
      try {
        loadConfig({ ...settings, ...cleaned }, sources(file))
      } catch (error) {
        expect(error).toBeInstanceOf(ConfigurationError)
      }
    }),
    { numRuns: 20_000 * TIMES },
  )
})
