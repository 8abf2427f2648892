import { readFileSync } from 'node:fs'

/** USER_HZ of Linux, which no system of today has otherwise. */
const TICKS_A_SECOND = 100

/** What a process has taken of the processors, in µs. Linux only. */
export function processorTime(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? []
  return ((Number(fields[11]) + Number(fields[12])) / TICKS_A_SECOND) * 1e6
}

/** Resident memory in bytes. Linux only. */
export function residentMemory(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024
}
