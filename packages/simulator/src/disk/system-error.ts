const TEXTS = {
  EBADF: 'bad file descriptor',
  EIO: 'i/o error',
  EMFILE: 'too many open files',
  ENOENT: 'no such file or directory',
  ENOSPC: 'no space left on device',
} as const

type SystemErrorCode = keyof typeof TEXTS

/** An error as Node gives it: with the system's `code`, the call and the path. */
export function systemError(code: SystemErrorCode, syscall: string, path: string): Error {
  return Object.assign(new Error(`${code}: ${TEXTS[code]}, ${syscall} '${path}'`), { code, syscall, path })
}
