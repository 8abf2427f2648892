import * as z from 'zod/mini'
import { HOST_NAME, isHostName, isUnspecified, parseAddress, reachable } from './address.js'

// Every `error` here is what was expected: problems.ts puts the key before it and what was found behind it.

const address = z
  .string({ error: 'an address like "127.0.0.1:7001"' })
  .check(z.refine((text) => parseAddress(text) !== null, { error: 'an address like "127.0.0.1:7001" or "[::1]:7001"' }))

/** At which others reach a member. */
const reachableAt = (kind: 'peer' | 'client') =>
  address.check(
    z.refine(
      (text) => {
        const parsed = parseAddress(text)
        return parsed === null || !isUnspecified(parsed)
      },
      { error: ({ input }) => reachable(kind, String(input)) },
    ),
  )

const milliseconds = z.number({ error: 'a number of milliseconds' }).check(z.positive({ error: 'a positive number of milliseconds' }))

const count = z.int({ error: 'a whole number' }).check(z.positive({ error: 'a positive whole number' }))

const DATAGRAM_BYTES = 'a whole number from 256 to 65507'
const datagramBytes = z
  .int({ error: DATAGRAM_BYTES })
  .check(z.gte(256, { error: DATAGRAM_BYTES }), z.lte(65_507, { error: DATAGRAM_BYTES }))

const TEXT = 'text without lone surrogates, which UTF-8 cannot hold'

const text = (what: string) =>
  z.string({ error: what }).check(
    z.minLength(1, { error: what }),
    z.refine((value) => value.isWellFormed(), { error: TEXT }),
  )

const SECRET = 'a secret: "text", {"file": "path"} or {"env": "NAME"}'

const secret = z.union(
  [
    text('a secret that is not empty'),
    z.strictObject({ file: text('the path of a file') }, { error: SECRET }),
    z.strictObject({ env: text('the name of an environment variable') }, { error: SECRET }),
  ],
  { error: SECRET },
)

export const secretsSchema = z.union([secret, z.array(secret, { error: SECRET }).check(z.minLength(1, { error: 'at least one secret' }))], {
  error: SECRET,
})

const memberId = z.string().check(
  z.refine((id) => Buffer.byteLength(id) >= 1 && Buffer.byteLength(id) <= 255 && !/[\p{Cc}\p{Cs}]/u.test(id), {
    error: 'a member id of 1 to 255 bytes without control characters and lone surrogates',
  }),
)

const hostName = z.string({ error: HOST_NAME }).check(z.refine(isHostName, { error: HOST_NAME }))

const bindSchema = z.strictObject({ peer: z.optional(address), client: z.optional(address) }, { error: 'an object {"peer", "client"}' })

export const memberSchema = z.strictObject(
  {
    peer: reachableAt('peer'),
    client: reachableAt('client'),
    bind: z.optional(bindSchema),
  },
  { error: 'an object {"peer": "host:port", "client": "host:port"}' },
)

const timingSchema = z.strictObject(
  {
    electionTimeout: z.optional(milliseconds),
    heartbeatInterval: z.optional(milliseconds),
    requestTimeout: z.optional(milliseconds),
    idleTimeout: z.optional(milliseconds),
    stopTimeout: z.optional(milliseconds),
  },
  { error: 'an object of timings in milliseconds' },
)

const limitsSchema = z.strictObject(
  {
    maxValueBytes: z.optional(count),
    maxPendingProposals: z.optional(count),
    maxPendingBytes: z.optional(count),
    maxHeldBytes: z.optional(count),
    maxConnections: z.optional(count),
    maxDatagramBytes: z.optional(datagramBytes),
  },
  { error: 'an object of limits' },
)

/** What a log can be kept in. All but files need a package that is installed beside this one. */
export const STORAGES = ['file', 'lmdb', 'level'] as const
export const STORAGE = '"file", "lmdb" or "level"'

/** What cluster.json may hold. */
export const clusterSchema = z.strictObject(
  {
    clusterId: z.optional(text('a name for the cluster')),
    secret: z.optional(secretsSchema),
    members: z
      .record(memberId, memberSchema, { error: 'an object {"<member id>": {"peer", "client"}, …}' })
      .check(z.refine((members) => Object.keys(members).length > 0, { error: 'at least one member' })),
    allowedHosts: z.optional(z.array(hostName, { error: 'an array of names of hosts' })),
    storage: z.optional(z.enum(STORAGES, { error: STORAGE })),
    timing: z.optional(timingSchema),
    limits: z.optional(limitsSchema),
  },
  { error: 'an object {"secret", "members", …}' },
)

/** Every key that cluster.json may hold, with its path; `*` stands for a member id. */
export const KEYS: readonly string[] = [
  ...Object.keys(clusterSchema.shape),
  ...under('secret', { file: 1, env: 1 }),
  ...under('members.*', memberSchema.shape),
  ...under('members.*.bind', bindSchema.shape),
  ...under('timing', timingSchema.shape),
  ...under('limits', limitsSchema.shape),
]

function under(path: string, shape: object): string[] {
  return Object.keys(shape).map((key) => `${path}.${key}`)
}

export type ClusterFile = z.infer<typeof clusterSchema>
export type StorageName = (typeof STORAGES)[number]
export type SecretSource = z.infer<typeof secret>
