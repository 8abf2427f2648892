import { describe, expect, it } from 'vitest'
import { faultNames, faultsCounted, listStack, Statistics, simulate } from '../src/index.js'

/** What is counted when a fault has happened, where that is not its own name. */
const COUNTED_AS: Readonly<Record<string, string>> = {
  crash: 'crash',
  crashLeader: 'crash',
  crashWhileWriting: 'crash',
  crashAll: 'restart of all',
  kill: 'kill',
  killAll: 'restart of all',
  stop: 'orderly stop',
  pause: 'pause',
  pauseLeader: 'pause',
  split: 'partition',
  isolateLeader: 'partition',
  leaderAndOne: 'partition',
  deaf: 'one-way partition',
  mute: 'one-way partition',
  cutOneLink: 'one-way partition',
  flap: 'flapping',
  storm: 'storm',
  garble: 'corrupted',
  slowDisk: 'slow disk',
  slowLeadersDisk: 'slow disk',
  stallDisk: 'stalled disk',
  fillDisk: 'disk full',
  writeErrors: 'write error',
  syncErrors: 'sync error',
  readErrors: 'read error',
  openErrors: 'open error',
  fastClock: 'fast clock',
  slowClock: 'slow clock',
  clockJump: 'clock jump',
  wipe: 'wiped disk',
}

describe('a kind of fault', () => {
  it.each(faultNames.filter((name) => name !== 'mend'))('%s happens, and the cluster keeps its promises', async (fault) => {
    const statistics = new Statistics()
    for (let seed = 1; seed <= 12; seed++) {
      const outcome = await simulate({ seed, stack: listStack, faults: [fault] })
      expect(outcome.violation).toBeNull()
      statistics.add(outcome)
    }
    expect(statistics.counts.get(COUNTED_AS[fault] ?? '')).toBeGreaterThan(0)
  })

  it('is counted under a name that the statistics know', () => {
    for (const counted of Object.values(COUNTED_AS)) expect(faultsCounted).toContain(counted)
  })

  it('that nobody can bear is found out: members come back with an empty disk and have forgotten what they promised', async () => {
    const broken: string[] = []
    for (let seed = 1; seed <= 40; seed++) {
      const { violation } = await simulate({ seed, stack: listStack, members: 3, faults: ['wipeAnybody', 'split'] })
      if (violation !== null) broken.push(violation.oracle)
    }
    expect(broken.length).toBeGreaterThan(20)
    expect(broken).toContain('monotonic')
  })

  it('that does not exist is refused', async () => {
    await expect(simulate({ seed: 1, stack: listStack, faults: ['flood'] })).rejects.toThrow('there is no fault "flood"')
  })
})
