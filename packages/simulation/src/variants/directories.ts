import type { Variant } from './variant.js'

const IDENTITY = 'packages/udp-transport/src/identity.ts'
const ACQUAINTANCE = 'packages/udp-transport/src/acquaintance.ts'
const TRANSPORT = 'packages/udp-transport/src/transport.ts'
const MEMBER_FILE = 'packages/log-storage/src/member-file.ts'

const inDirectories = { stack: 'directories', maxSeeds: 300 } as const

/** Whose directory is whose: disks that were lost, older copies, and what members remember of each other. */
export const directories: readonly Variant[] = [
  {
    name: 'a member that lost its disk is welcome',
    breaks: 'another store than the one that is remembered is taken for a newer start',
    file: IDENTITY,
    search: "if (claimed.storeId !== known.storeId) return 'otherStore'",
    replace: "if (claimed.storeId !== known.storeId) return 'newer'",
    ...inDirectories,
  },
  {
    name: 'an older copy of a directory is welcome',
    breaks: 'fewer starts than are remembered are taken for a newer start',
    file: IDENTITY,
    search: "if (claimed.starts < known.starts) return 'olderCopy'",
    replace: "if (claimed.starts < known.starts) return 'newer'",
    ...inDirectories,
  },
  {
    name: 'an older copy is welcome once it has been started often enough',
    breaks: 'that a directory knows the start which is remembered is not asked, where it counts more of them',
    file: IDENTITY,
    search: "return knowsOf(claimed, known) ? 'newer' : 'olderCopy'",
    replace: "return 'newer'",
    ...inDirectories,
    maxSeeds: 1000,
  },
  {
    name: 'another process of the same number of starts is welcome',
    breaks: 'what a start has drawn is not looked at where its number is the one that is remembered',
    file: IDENTITY,
    search: "return Buffer.compare(claimed.boot, known.boot) === 0 ? 'known' : 'runsTwice'",
    replace: "return Buffer.compare(claimed.boot, known.boot) === 0 ? 'known' : 'newer'",
    ...inDirectories,
  },
  {
    name: 'the counter of starts is not written',
    breaks: 'a start takes its number without writing it down',
    file: MEMBER_FILE,
    search: '      await file.#stored()\n',
    replace: '',
    ...inDirectories,
  },
  {
    name: 'others are remembered in memory only',
    breaks: 'what is remembered of the others is gone with the process',
    file: MEMBER_FILE,
    search: '        if (this.#failure === null) await this.#replace(encodeMemberRecord(this.#record))\n',
    replace: '        if (this.#failure === null) await this.#replace(encodeMemberRecord({ ...this.#record, known: new Map() }))\n',
    ...inDirectories,
  },
  {
    name: 'the file of a member is in place before it is durable',
    breaks: 'the directory is not synced after the file of the member has got its name',
    file: MEMBER_FILE,
    search: '    await this.#fileSystem.syncDirectory(this.#directory)\n',
    replace: '',
    ...inDirectories,
  },
  {
    name: 'messages count before their sender is remembered',
    breaks: 'what a new start of another member says is delivered while it is being written down',
    file: ACQUAINTANCE,
    search: 'if (this.#pending === 0) this.#events.deliver(this.#peer, message)',
    replace: 'if (this.#pending >= 0) this.#events.deliver(this.#peer, message)',
    ...inDirectories,
  },
  {
    name: 'a member that is refused goes on',
    breaks: 'a refusal is told to nobody, and is forgotten when the process ends',
    file: TRANSPORT,
    search: '        identity?.refused(refusal)\n',
    replace: '',
    ...inDirectories,
  },
  {
    name: 'the file of a member outlives the lock',
    breaks: 'a member that stops does not wait for what it is remembering',
    file: MEMBER_FILE,
    search: '    return this.#writing\n',
    replace: '    return Promise.resolve()\n',
    stack: 'directories',
    maxSeeds: 300,
    options: { faults: ['stop', 'kill', 'slowDisk', 'rollBack', 'split'] },
  },
  {
    name: 'the new file of a member stays open',
    breaks: 'the file that is written aside is not closed before it gets its name',
    file: MEMBER_FILE,
    search: '    try {\n      await writeAllAsync(file, bytes, bytes.length, 0)\n    } finally {\n      await file.close()\n    }',
    replace: '    await writeAllAsync(file, bytes, bytes.length, 0)',
    stack: 'directories',
    maxSeeds: 300,
    options: { faults: ['stop', 'kill', 'slowDisk', 'rollBack', 'split'] },
  },
]
