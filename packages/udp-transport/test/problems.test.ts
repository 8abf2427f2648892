import { expect, it } from 'vitest'
import { Problems, type TransportProblem } from '../src/problems.js'

function reporter() {
  let now = 0
  const told: string[] = []
  const clock = { now: () => now, schedule: () => () => {}, defer: () => {} }
  const problems = new Problems(
    ({ code, peer }) => told.push(`${code} ${peer}`),
    clock,
    (id) => id.length === 1,
  )
  return {
    told,
    at: (time: number, code: TransportProblem['code'], peer: string) => {
      now = time
      problems.report({ code, peer, message: 'wrong' })
    },
  }
}

it('a problem is told once for a code and a peer, and again when it is still there after ten minutes', () => {
  const { told, at } = reporter()
  at(0, 'RAFT_PATH_MTU', 'b')
  at(1, 'RAFT_PATH_MTU', 'b')
  at(599_999, 'RAFT_PATH_MTU', 'b')
  expect(told).toEqual(['RAFT_PATH_MTU b'])
  at(600_000, 'RAFT_PATH_MTU', 'b')
  expect(told).toEqual(['RAFT_PATH_MTU b', 'RAFT_PATH_MTU b'])
})

it('problems with other peers and of other kinds are told at once', () => {
  const { told, at } = reporter()
  at(0, 'RAFT_PATH_MTU', 'b')
  at(0, 'RAFT_PATH_MTU', 'c')
  at(0, 'RAFT_STRANGER', 'b')
  expect(told).toEqual(['RAFT_PATH_MTU b', 'RAFT_PATH_MTU c', 'RAFT_STRANGER b'])
})

it('somebody who invents names fills neither the log nor the memory, and hides no problem of another kind', () => {
  const { told, at } = reporter()
  for (let i = 0; i < 10_000; i++) at(i, 'RAFT_STRANGER', `x${i}`)
  expect(told).toHaveLength(16)
  at(10_000, 'RAFT_PATH_MTU', 'b')
  expect(told).toHaveLength(17)
})

it('somebody who invents names hides no problem with a member', () => {
  const { told, at } = reporter()
  for (let i = 0; i < 100; i++) at(i, 'RAFT_UNKNOWN_SECRET', `x${i}`)
  for (let i = 0; i < 100; i++) at(i, 'RAFT_UNKNOWN_SECRET', 'b')
  expect(told.slice(16)).toEqual(['RAFT_UNKNOWN_SECRET b'])
})
