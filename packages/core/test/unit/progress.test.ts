import { describe, expect, it } from 'vitest'
import { EntryBatch } from '../../src/index.js'
import { Progress } from '../../src/progress.js'

const PATIENCE = 100
const CHEAP_BYTES = 64 * 1024
const window = { maxAppendBytes: 10, maxInflightBytes: 100, maxInflightMessages: 3 }

/** Of a follower that agrees up to index 10, as the leader has found out at time 0. */
function replicating(): Progress {
  const progress = new Progress(11, 0, PATIENCE)
  progress.sent(10, 0, 0)
  progress.acknowledged(10, 0)
  return progress
}

describe('what a leader knows of a follower', () => {
  it('begins with one message at a time, and streams once the logs are known to agree', () => {
    const progress = new Progress(11, 0, PATIENCE)
    expect([progress.mode, progress.matchIndex, progress.maySend(window)]).toEqual(['probe', 0, true])
    progress.sent(12, 5, 0)
    expect([progress.nextIndex, progress.maySend(window)]).toEqual([13, false])
    expect(progress.acknowledged(12, 1)).toBe(true)
    expect([progress.mode, progress.matchIndex, progress.nextIndex, progress.maySend(window)]).toEqual(['replicate', 12, 13, true])
  })

  it('allows as many messages under way as the window, and as many bytes', () => {
    const messages = replicating()
    for (const last of [11, 12, 13]) {
      expect(messages.maySend(window)).toBe(true)
      messages.sent(last, 1, 0)
    }
    expect(messages.maySend(window)).toBe(false)
    messages.acknowledged(11, 0)
    expect(messages.maySend(window)).toBe(true)
    const bytes = replicating()
    bytes.sent(11, 99, 0)
    expect(bytes.maySend(window)).toBe(true)
    bytes.sent(12, 1, 0)
    expect(bytes.maySend(window)).toBe(false)
    bytes.acknowledged(11, 0)
    expect(bytes.maySend(window)).toBe(true)
  })

  it('counts what is under way as lost by the oldest of it, whatever is sent behind that', () => {
    const progress = replicating()
    expect(progress.resendAt).toBe(Number.POSITIVE_INFINITY)
    progress.sent(11, 1, 10)
    progress.sent(12, 1, 60)
    expect(progress.resendAt).toBe(10 + PATIENCE)
    progress.acknowledged(11, 90)
    expect(progress.resendAt).toBe(90 + PATIENCE)
    progress.acknowledged(12, 95)
    expect(progress.resendAt).toBe(Number.POSITIVE_INFINITY)
  })

  it('is not put off by an acknowledgement that says nothing new', () => {
    const progress = replicating()
    progress.sent(12, 1, 10)
    expect(progress.acknowledged(10, 90)).toBe(false)
    expect(progress.resendAt).toBe(10 + PATIENCE)
    // Half of a message is news, and it stays under way.
    expect(progress.acknowledged(11, 90)).toBe(true)
    expect(progress.resendAt).toBe(90 + PATIENCE)
  })

  it('goes back to one message behind what is acknowledged when that is lost', () => {
    const progress = replicating()
    progress.sent(11, 1, 0)
    progress.sent(12, 1, 0)
    progress.fetched = EntryBatch.empty(13)
    progress.suspectLoss()
    expect(progress).toMatchObject({ mode: 'probe', nextIndex: 11, resendAt: Number.POSITIVE_INFINITY, fetched: null })
    expect(progress.maySend(window)).toBe(true)
  })

  it('repeats a probe that is lost at the same place', () => {
    const progress = new Progress(21, 0, PATIENCE)
    progress.sent(25, 5, 0)
    progress.suspectLoss()
    expect([progress.mode, progress.nextIndex, progress.maySend(window)]).toEqual(['probe', 21, true])
  })

  it('is more patient each time that much is lost, up to sixteen times', () => {
    const progress = replicating()
    const waits: number[] = []
    for (let i = 0; i < 6; i++) {
      progress.sent(11, CHEAP_BYTES + 1, 0)
      waits.push(progress.resendAt)
      progress.suspectLoss()
    }
    expect(waits).toEqual([1, 2, 4, 8, 16, 16].map((times) => times * PATIENCE))
  })

  it('is as patient as ever where little is lost', () => {
    const progress = replicating()
    for (let i = 0; i < 3; i++) {
      progress.sent(11, CHEAP_BYTES, 0)
      expect(progress.resendAt).toBe(PATIENCE)
      progress.suspectLoss()
    }
  })

  it('is as patient as at first once something is acknowledged again', () => {
    const progress = replicating()
    progress.sent(11, CHEAP_BYTES + 1, 0)
    progress.suspectLoss()
    progress.sent(11, CHEAP_BYTES + 1, 0)
    expect(progress.resendAt).toBe(2 * PATIENCE)
    progress.acknowledged(11, 50)
    progress.sent(12, 1, 50)
    progress.sent(13, 1, 60)
    progress.acknowledged(12, 70)
    expect(progress.resendAt).toBe(70 + PATIENCE)
  })

  it('takes what is under way for lost when the follower is heard after a silence longer than the patience, and not before', () => {
    const progress = replicating()
    progress.sent(11, CHEAP_BYTES + 1, 0)
    progress.suspectLoss()
    progress.sent(11, CHEAP_BYTES + 1, 0)
    progress.heard(PATIENCE)
    expect([progress.heardAt, progress.nextIndex, progress.resendAt]).toEqual([PATIENCE, 12, 2 * PATIENCE])
    progress.heard(2 * PATIENCE + 1)
    expect([progress.heardAt, progress.nextIndex, progress.maySend(window)]).toEqual([2 * PATIENCE + 1, 11, true])
    progress.sent(11, 1, 500)
    expect(progress.resendAt).toBe(500 + PATIENCE)
  })

  it('stays in the stream when a follower to which nothing is under way was silent', () => {
    const progress = replicating()
    progress.heard(10 * PATIENCE)
    expect([progress.mode, progress.nextIndex]).toEqual(['replicate', 11])
  })

  it('waits for the answer to a probe, though an older acknowledgement comes', () => {
    const progress = new Progress(21, 0, PATIENCE)
    progress.sent(25, 5, 0)
    expect(progress.acknowledged(15, 1)).toBe(true)
    expect([progress.mode, progress.matchIndex, progress.nextIndex, progress.maySend(window)]).toEqual(['probe', 15, 26, false])
    expect(progress.acknowledged(20, 2)).toBe(true)
    expect([progress.mode, progress.matchIndex, progress.nextIndex]).toEqual(['replicate', 20, 21])
  })

  it('sends nothing that was acknowledged by the way', () => {
    const progress = replicating()
    expect(progress.acknowledged(14, 1)).toBe(true)
    expect([progress.matchIndex, progress.nextIndex]).toEqual([14, 15])
    progress.acknowledged(15, 2)
    expect([progress.matchIndex, progress.nextIndex]).toEqual([15, 16])
  })

  it('goes back where a probe is refused, at most to where the follower may agree, and never to what it has', () => {
    const refuse = (agreesAt: number) => {
      const progress = new Progress(21, 0, PATIENCE)
      progress.sent(25, 5, 0)
      progress.acknowledged(5, 0)
      expect(progress.refused(20, agreesAt)).toBe(true)
      return progress.nextIndex
    }
    expect([12, 20, 30, 3].map(refuse)).toEqual([13, 20, 20, 6])
  })

  it('takes no refusal for the answer to a probe that names another place, or one that the follower has', () => {
    const progress = new Progress(21, 0, PATIENCE)
    progress.sent(25, 5, 0)
    expect([progress.refused(19, 3), progress.refused(21, 3)]).toEqual([false, false])
    progress.acknowledged(5, 0)
    expect(progress.refused(4, 3)).toBe(false)
    expect([progress.nextIndex, progress.maySend(window)]).toEqual([26, false])
  })

  it('takes a refusal in the stream for a message that was overtaken, and sends again from what is acknowledged on', () => {
    const progress = replicating()
    progress.sent(11, 1, 0)
    progress.sent(12, 1, 0)
    expect(progress.refused(11, 10)).toBe(true)
    expect(progress).toMatchObject({ mode: 'probe', matchIndex: 10, nextIndex: 11 })
  })

  it('takes a refusal in the stream of what was just acknowledged once, and only while something is under way', () => {
    const progress = replicating()
    expect(progress.refused(10, 5)).toBe(false)
    progress.sent(11, 1, 0)
    expect(progress.refused(9, 5)).toBe(false)
    expect(progress.refused(10, 5)).toBe(true)
    progress.sent(11, 1, 0)
    expect(progress.refused(10, 5)).toBe(false)
    expect([progress.mode, progress.nextIndex]).toEqual(['probe', 12])
  })

  it('says when entries are sent that do not follow', () => {
    expect(() => replicating().sent(9, 1, 0)).toThrow('sent up to 9, but nextIndex is 11')
  })
})
