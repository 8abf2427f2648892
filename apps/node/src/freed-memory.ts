/** The most that glibc adapts to, less what it needs itself. */
const BLOCK_BYTES = 31 * 2 ** 20

/**
 * What comes from disk and network lies outside of the heap, up to a megabyte at a time. glibc gives such memory back to the system
 * when it is freed, and then each page of the next piece is a page fault, which takes 10 µs on a virtual machine: a tenth of the
 * time of a restart. It keeps twice as much as the largest block that was ever freed (mallopt(3), M_MMAP_THRESHOLD): so one is that
 * nobody has touched, which takes neither time nor memory. With other systems this does nothing. It is a setting of the whole
 * process, and so for a process that is nothing but a member.
 */
export function keepFreedMemory(): void {
  new ArrayBuffer(BLOCK_BYTES)
}
