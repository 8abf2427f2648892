const PAGE_BYTES = 64 * 1024

// Of the platform, and in no package of types that this one has.
declare const WebAssembly: { readonly Memory: new (size: { initial: number }) => { readonly buffer: ArrayBuffer } } | undefined

const directBuffers = new WeakSet<ArrayBufferLike>()

/**
 * Zeroed memory that begins where a page of the system does, as a disk needs it that reads it for itself. JavaScript says
 * of no other memory where it begins than of WebAssembly's, and only that this is mapped by whole pages.
 */
export function allocateDirect(bytes: number): Uint8Array {
  const memory = mapPages(Math.ceil(bytes / PAGE_BYTES))
  // Any memory will do, if by one copy more.
  if (memory === null) return new Uint8Array(bytes)
  directBuffers.add(memory)
  return new Uint8Array(memory)
}

/** Whether these bytes are whole sectors of memory from `allocateDirect`. */
export function isDirect(source: Uint8Array, offset: number, length: number, sectorBytes: number): boolean {
  return (source.byteOffset + offset) % sectorBytes === 0 && length % sectorBytes === 0 && directBuffers.has(source.buffer)
}

function mapPages(count: number): ArrayBuffer | null {
  try {
    return typeof WebAssembly === 'undefined' ? null : new WebAssembly.Memory({ initial: count }).buffer
  } catch (error) {
    // No address space is left for it (`ulimit -v`).
    if (error instanceof RangeError) return null
    throw error
  }
}
