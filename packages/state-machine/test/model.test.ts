import { decodeCommand, encodeCommand } from '@raft/commands'
import { KeyValueStore } from '@raft/state-machine'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { command, putStep, rangeRequest } from './arbitraries.js'
import { apply, applyPayloads } from './help.js'
import { NaiveStore } from './naive-store.js'

test('the store answers every command and every read as a naive one does, however the commands are cut into batches', () => {
  const batch = fc.oneof(fc.array(command, { maxLength: 20 }), fc.array(putStep, { maxLength: 150 }))
  fc.assert(
    fc.property(fc.array(batch, { maxLength: 8 }), fc.array(rangeRequest, { maxLength: 5 }), (batches, requests) => {
      const store = new KeyValueStore()
      const naive = new NaiveStore()
      for (const commands of batches) {
        const results = applyPayloads(store, commands.map(encodeCommand))
        expect(results).toEqual(commands.map((each) => naive.apply(each)))
        expect(store.revision).toBe(naive.revision)
      }
      expect(store.size).toBe(naive.content.size)
      for (const request of requests) expect(store.range(request)).toEqual(naive.range(request))
      for (const entry of naive.range({}).entries) expect(store.get(entry.key)).toEqual(entry)
    }),
    { numRuns: 500 },
  )
})

test('a command is decoded as it was encoded', () => {
  fc.assert(
    fc.property(command, (each) => {
      const bytes = encodeCommand(each)
      expect(encodeCommand(decodeCommand(bytes))).toEqual(bytes)
    }),
    { numRuns: 2000 },
  )
})

test('pages that follow one another hold every key once, in bytewise order', () => {
  fc.assert(
    fc.property(fc.array(command, { maxLength: 40 }), fc.integer({ min: 1, max: 4 }), (commands, limit) => {
      const store = new KeyValueStore()
      for (const each of commands) apply(store, each)
      const keys: Uint8Array[] = []
      for (let page = store.range({ limit }); ; page = store.range({ limit, after: keys.at(-1) as Uint8Array })) {
        keys.push(...page.entries.map((entry) => entry.key))
        if (!page.more) break
      }
      expect(keys).toEqual([...keys].sort(Buffer.compare))
      expect(keys).toHaveLength(store.size)
    }),
  )
})
