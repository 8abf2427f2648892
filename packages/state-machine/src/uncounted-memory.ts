/**
 * Memory that V8 does not count, as it does not for whatever threads could share. Each 64 MiB of what it counts beside its heap make
 * it look through the whole heap, and while it does, ten milliseconds for each datagram: a member of millions of keys would answer
 * nobody for a second, again and again. So this is for what is kept and used again. Where memory is let go of and taken again, V8
 * must count, or nothing would tell it that there is some to free: jobs of 1 kB, put and deleted, of which 20,000 were there at a
 * time, took 3.4 GB.
 */
export function uncountedMemory(bytes: number): SharedArrayBuffer {
  return new SharedArrayBuffer(bytes)
}
