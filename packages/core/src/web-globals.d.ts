// Part of every JavaScript runtime since Node 15, yet in no library that TypeScript can load without Node's or the DOM's
// types. Only what core uses.

interface AbortSignal {
  readonly aborted: boolean
  addEventListener(type: 'abort', listener: () => void, options?: { once?: boolean }): void
  removeEventListener(type: 'abort', listener: () => void): void
}

declare class AbortController {
  readonly signal: AbortSignal
  abort(): void
}
