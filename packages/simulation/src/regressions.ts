import { type Character, plainCharacter } from '@raft/simulator'

/** A seed that once found something. It runs with every test run. */
export interface Regression {
  readonly stack: string
  readonly seed: number
  /** What was unusual about its run. It stays as it was when the seed found something, whatever seeds draw today. */
  readonly character: Partial<Character>
  readonly found: string
}

export const regressions: readonly Regression[] = [
  {
    stack: 'core',
    seed: 3003759,
    character: plainCharacter,
    found: 'timers that were set while the simulated clock was slow stayed late when the clock was right again',
  },
  {
    stack: 'storage',
    seed: 3008647,
    character: plainCharacter,
    found: 'clients asked a paused process for ever, and all of it came in one moment',
  },
  {
    stack: 'server',
    seed: 3004803,
    character: plainCharacter,
    found: 'a simulated stream sent again what a cut had swallowed piece by piece, one a timeout',
  },
  {
    stack: 'server',
    seed: 2679,
    character: plainCharacter,
    found: 'the check of liveness took an answer of a member that was about to stop for the end of its recovery',
  },
  {
    stack: 'directories',
    seed: 270,
    character: plainCharacter,
    found: 'an older copy of a directory, whose first start was cut short, counted past what the others knew when it was started again',
  },
  {
    stack: 'server',
    seed: 20363,
    character: plainCharacter,
    found:
      'a client whose request for status was lost with a connection that had just brought something else waited for its answer for ever',
  },
  {
    stack: 'transport',
    seed: 234,
    character: { handovers: true },
    found:
      'a leader that sent something new again and again put off the probe that tells a narrow path, and none of its entries arrived any more',
  },
  {
    stack: 'core',
    seed: 1,
    character: plainCharacter,
    found: 'clients heard that a leadership was lost before the signal of that leadership aborted',
  },
  {
    stack: 'core',
    seed: 28,
    character: { stopping: true },
    found: 'a node that was stopped by a listener of the signal that its leadership was over called onFollower',
  },
  {
    stack: 'core',
    seed: 10,
    character: { stopping: true },
    found: 'reads that were about to be told that they had failed still counted as waiting while the first of them was told',
  },
  {
    stack: 'core',
    seed: 10_000_832,
    character: plainCharacter,
    found: 'a node that stopped while its state machine rested between two batches left a timer',
  },
  {
    stack: 'storage',
    seed: 10_001_042,
    character: plainCharacter,
    found: 'a segment that had been left was still being closed when the lock of the directory was given back',
  },
  {
    stack: 'directories',
    seed: 10_000_396,
    character: plainCharacter,
    found: 'nothing: a false alarm of two members that had both lost their disks, and met',
  },
  {
    stack: 'storage',
    seed: 10_001_667,
    character: { lasting: true, quiet: true },
    found: 'nothing: a false alarm of a leader that learned of an error of its disk when the faults had ended',
  },
  {
    stack: 'server',
    seed: 10_001_990,
    character: plainCharacter,
    found: 'nothing: a false alarm of a client that had vanished in the middle of a request',
  },
  {
    stack: 'directories',
    seed: 10_001_661,
    character: { handovers: true, quiet: true, stopping: true },
    found: 'nothing: a false alarm of a client that waited for a sign of life when the run ended',
  },
]
