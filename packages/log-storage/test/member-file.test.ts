import { readFileSync } from 'node:fs'
import { StorageError } from '@raft/core'
import { describe, expect, it } from 'vitest'
import { DirectoryRefusedError, LogDamagedError, MemberFile, UnsupportedFormatError, VotersMismatchError } from '../src/index.js'
import { decodeMemberRecord, encodeMemberRecord, type MemberRecord, type MemberStart, REFUSALS } from '../src/member-record.js'
import { DIRECTORY, storageOn } from './support/log.js'
import { TestDisk } from './support/test-disk.js'

const STORE = '000102030405060708090a0b0c0d0e0f'
const PATH = `${DIRECTORY}/member`
const VOTERS = ['n1', 'n2', 'n3']

const startOf = (starts: number): MemberStart => ({ storeId: STORE.replace('00', 'ff'), starts, boot: new Uint8Array(16).fill(starts) })

async function diskWithDirectory(): Promise<TestDisk> {
  const disk = new TestDisk()
  await disk.fileSystem.createDirectory(DIRECTORY)
  return disk
}

function open(disk: TestDisk, voters: readonly string[] = VOTERS, storeId = STORE): Promise<MemberFile> {
  return MemberFile.open({ directory: DIRECTORY, storeId, voters, fileSystem: disk.fileSystem })
}

function remember(file: MemberFile, id: string, start: MemberStart): Promise<void> {
  return new Promise((resolve, reject) => file.remember(id, start, (error) => (error === null ? resolve() : reject(error))))
}

describe('a start', () => {
  it('is counted before the file is open, and the power may be lost then', async () => {
    const disk = await diskWithDirectory()
    for (const starts of [1, 2, 3]) {
      expect((await open(disk)).starts).toBe(starts)
      disk.crash()
    }
  })

  it('draws a mark of its own, of which the next ones know', async () => {
    const disk = await diskWithDirectory()
    const boots: Uint8Array[] = []
    for (let i = 0; i < 70; i++) {
      const { boot, history } = await open(disk)
      expect(history).toEqual(boots.slice(0, 63).map((one) => one.slice(0, 4)))
      boots.unshift(boot)
    }
    expect(new Set(boots.map((boot) => Buffer.from(boot).toString('hex'))).size).toBe(70)
  })

  it('is counted at most once, and never forgotten, wherever the power is lost', async () => {
    for (let events = 1; events < 60; events++) {
      const disk = await diskWithDirectory()
      await open(disk)
      const stopped = disk.stopAfter(events)
      const opened = open(disk).then(({ starts }) => starts)
      const starts = await Promise.race([opened, stopped.then(() => null)])
      disk.crash()
      const next = (await open(disk)).starts
      if (starts === null) expect([2, 3]).toContain(next)
      else expect(next).toBe(3)
    }
  })

  it('with another list of members is refused, by the names that differ', async () => {
    const disk = await diskWithDirectory()
    await open(disk)
    const error = await open(disk, ['n1', 'n4', 'n5']).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(VotersMismatchError)
    expect(error).toMatchObject({ code: 'RAFT_VOTERS_MISMATCH', missing: ['n2', 'n3'], extra: ['n4', 'n5'] })
    expect((error as Error).message).toMatch(/n2, n3 missing; n4, n5 too many.*fixed for now.*addresses may change/)
    expect((await open(disk, ['n3', 'n2', 'n1'])).starts).toBe(2)
  })

  it('on a file that belongs to another log is refused', async () => {
    const disk = await diskWithDirectory()
    await open(disk)
    await expect(open(disk, VOTERS, STORE.replace('00', '01'))).rejects.toThrow(LogDamagedError)
  })
})

describe('what is remembered of other members', () => {
  it('is durable when it is said to be, whatever is remembered at the same time', async () => {
    const disk = await diskWithDirectory()
    const file = await open(disk)
    await Promise.all([remember(file, 'n2', startOf(4)), remember(file, 'n3', startOf(9)), remember(file, 'n2', startOf(5))])
    expect(file.known('n4')).toBeNull()
    disk.crash()
    const again = await open(disk)
    expect(again.known('n2')).toEqual(startOf(5))
    expect(again.known('n3')).toEqual(startOf(9))
  })

  it('is not said to be durable after an error of the disk, for good', async () => {
    const disk = await diskWithDirectory()
    const file = await open(disk)
    disk.fail = (operation) => (operation === 'rename' ? new Error('EIO') : null)
    await expect(remember(file, 'n2', startOf(4))).rejects.toThrow(StorageError)
    disk.fail = () => null
    await expect(remember(file, 'n2', startOf(4))).rejects.toThrow('EIO')
  })
})

describe('a file that is closed', () => {
  it('is written no more, so that the next start, and the one after, are counted', async () => {
    const disk = await diskWithDirectory()
    const first = await open(disk)
    // The second is written by itself, after the first.
    const remembered = [remember(first, 'n2', startOf(4)), remember(first, 'n3', startOf(9))]
    await first.close()
    await Promise.all(remembered)
    const operations = disk.operations.length
    first.remember('n2', startOf(5), () => expect.unreachable())
    first.refused({ reason: 'otherStore', by: 'n3', remembered: startOf(7) }, () => expect.unreachable())
    await first.close()
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(disk.operations.length).toBe(operations)
    const second = await open(disk)
    expect([second.starts, second.known('n2'), second.known('n3')]).toEqual([2, startOf(4), startOf(9)])
    expect((await open(disk)).starts).toBe(3)
  })

  it('has nothing in flight where it is closed at once', async () => {
    const disk = await diskWithDirectory()
    const first = await open(disk)
    let written = 0
    first.remember('n2', startOf(4), () => written++)
    first.remember('n3', startOf(9), () => written++)
    await first.close()
    expect(written).toBe(2)
  })
})

describe('a directory that other members have refused', () => {
  it.each([
    ['otherStore', 'RAFT_DISK_LOST', /disk was lost/],
    ['olderCopy', 'RAFT_DIRECTORY_ROLLED_BACK', /older copy/],
    ['runsTwice', 'RAFT_MEMBER_RUNS_TWICE', /either another process runs as this member.*or \S+ is an older copy of it, by one start/],
  ] as const)('for the reason %s does not start again', async (reason, code, words) => {
    const disk = await diskWithDirectory()
    const file = await open(disk)
    const refusal = { reason, by: 'n3', remembered: { storeId: STORE, starts: 7 } }
    await new Promise<void>((resolve, reject) => file.refused(refusal, (error) => (error === null ? resolve() : reject(error))))
    disk.crash()
    const error = await open(disk).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(DirectoryRefusedError)
    expect(error).toMatchObject({ code, refusal })
    expect((error as Error).message).toMatch(words)
  })
})

describe('the bytes of the file', () => {
  const record: MemberRecord = {
    storeId: STORE,
    starts: 3,
    history: [Uint8Array.of(1, 2, 3, 4), Uint8Array.of(5, 6, 7, 8)],
    voters: ['n1', 'né'],
    known: new Map([['n2', startOf(4)]]),
    refusal: { reason: 'olderCopy', by: 'n2', remembered: { storeId: STORE, starts: 5 } },
  }

  it('are those of docs/formats.md', () => {
    const fixture = JSON.parse(readFileSync(new URL('./fixtures/member.json', import.meta.url), 'utf8')) as { hex: string }
    expect(Buffer.from(encodeMemberRecord(record)).toString('hex')).toBe(fixture.hex)
    expect(decodeMemberRecord(Buffer.from(fixture.hex, 'hex'))).toEqual(record)
  })

  it.each([...REFUSALS, null])('tell the reason %s', (reason) => {
    const refusal = reason === null ? null : { reason, by: 'n2', remembered: { storeId: STORE, starts: 5 } }
    expect(decodeMemberRecord(encodeMemberRecord({ ...record, refusal }))).toEqual({ ...record, refusal })
  })

  it('that were changed are refused, wherever', async () => {
    const disk = await diskWithDirectory()
    await open(disk)
    const whole = disk.contents(PATH)
    for (let at = 0; at < whole.length; at++) {
      disk.replace(
        PATH,
        whole.map((byte, i) => (i === at ? byte ^ 1 : byte)),
      )
      await expect(open(disk)).rejects.toThrow(LogDamagedError)
    }
    for (const length of [0, 1, 8, whole.length - 1]) {
      disk.replace(PATH, whole.slice(0, length))
      await expect(open(disk)).rejects.toThrow(LogDamagedError)
    }
  })

  it('of a later version are refused by a message that says so', async () => {
    const disk = await diskWithDirectory()
    await open(disk)
    const { crc32 } = await import('node:zlib')
    disk.change(PATH, (bytes) => {
      bytes[8] = 2
      new DataView(bytes.buffer, bytes.byteOffset).setUint32(4, crc32(bytes.subarray(8)), true)
    })
    await expect(open(disk)).rejects.toThrow(UnsupportedFormatError)
  })
})

describe('the log of a directory', () => {
  it('keeps the cluster id that its directory was formatted with, where a function gives it', async () => {
    const disk = new TestDisk()
    const made: string[] = []
    const clusterId = (id: string) => () => {
      made.push(id)
      return Promise.resolve(id)
    }
    const first = storageOn(disk, { clusterId: clusterId('first') })
    await first.open()
    await first.close()
    const second = storageOn(disk, { clusterId: clusterId('second') })
    await second.open()
    expect(second.identity.clusterId).toBe('first')
    expect(made).toEqual(['first'])
    await second.close()
    await expect(storageOn(disk, { clusterId: 'second' }).open()).rejects.toThrow(/belongs to member n1 of cluster first/)
  })

  it('is not made anew where only the file of the member is left', async () => {
    const disk = await diskWithDirectory()
    await open(disk)
    await expect(storageOn(disk).open()).rejects.toThrow(/holds no log, but the file member.*bring the lost files back/)
  })
})
