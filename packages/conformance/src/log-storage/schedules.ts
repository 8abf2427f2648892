import { randomFrom, whole } from '../random.js'
import type { Session } from './session.js'
import type { LogStorageSuite } from './suite.js'
import { randomWrite } from './writes.js'

const STEPS = 40

/** Random schedules against the model; the seed stands in the name. */
export function declareSchedules(suite: LogStorageSuite): void {
  for (let seed = 1; seed <= suite.seeds; seed++)
    suite.test(
      `a random schedule gives what the model gives (seed ${seed})`,
      suite.on((session) => run(suite, session, seed)),
    )
}

async function run(suite: LogStorageSuite, session: Session, seed: number): Promise<void> {
  const random = randomFrom(seed)
  await session.open()
  for (let step = 0; step < STEPS; step++) {
    const draw = random()
    if (draw < 0.55) await session.write(randomWrite(session.model, random))
    else if (draw < 0.65 && suite.supports('reopen')) await session.reopen()
    else if (draw < 0.75 && suite.supports('crash')) {
      await session.crash()
      await session.open()
    } else if (session.model.lastIndex > 0) {
      const from = 1 + whole(random, session.model.lastIndex)
      const to = from + whole(random, session.model.lastIndex - from + 1)
      await session.read(from, to, whole(random, 300))
    }
  }
  await session.checkEntries()
}
