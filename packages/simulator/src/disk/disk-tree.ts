import type { Prng } from '../world/prng.js'
import { Directory } from './directory.js'
import { Inode } from './inode.js'
import type { Losses } from './losses.js'
import { systemError } from './system-error.js'

/** All directories and files of a disk. */
export class DiskTree {
  readonly #directories = new Map<string, Directory>([['', new Directory()]])

  /** @throws ENOENT */
  directory(path: string, syscall: string): Directory {
    const directory = this.#directories.get(path)
    if (directory === undefined) throw systemError('ENOENT', syscall, path)
    return directory
  }

  has(path: string): boolean {
    return this.#directories.has(path)
  }

  /** A directory with its parents. */
  makeDirectory(path: string): void {
    for (let at = path; at !== ''; at = parentOf(at)) if (!this.#directories.has(at)) this.#directories.set(at, new Directory())
  }

  /** The directory and its parents are durable. */
  keepDirectory(path: string): void {
    for (let at = path; at !== ''; at = parentOf(at)) this.directory(at, 'fsync').isDurable = true
  }

  /** The directory of a file, and the file's name in it. @throws ENOENT */
  place(path: string, syscall: string): { readonly directory: Directory; readonly name: string } {
    return { directory: this.directory(parentOf(path), syscall), name: nameOf(path) }
  }

  /** @throws ENOENT */
  find(path: string, syscall: string): Inode {
    const inode = this.#directories.get(parentOf(path))?.get(nameOf(path)) ?? null
    if (inode === null) throw systemError('ENOENT', syscall, path)
    return inode
  }

  /** The file, made durably where there is none. */
  put(path: string): Inode {
    this.makeDirectory(parentOf(path))
    this.keepDirectory(parentOf(path))
    const { directory, name } = this.place(path, 'open')
    const found = directory.get(name)
    if (found !== null) return found
    const inode = new Inode()
    directory.put(name, inode)
    return inode
  }

  /** The name is gone, durably. */
  take(path: string): void {
    const { directory, name } = this.place(path, 'unlink')
    directory.put(name, null)
  }

  /** @throws ENOENT */
  list(path: string): string[] {
    const below = [...this.#directories.keys()].filter((other) => other !== '' && parentOf(other) === path)
    return [...this.directory(path, 'scandir').names(), ...below.map(nameOf)]
  }

  paths(): string[] {
    const paths = [...this.#directories].flatMap(([path, directory]) => directory.names().map((name) => `${path}/${name}`))
    return paths.sort()
  }

  crash(random: Prng, losses: Losses): void {
    for (const [path, directory] of this.#directories) {
      if (path !== '' && !directory.isDurable && random.chance(0.5)) {
        losses['lost directory entry'] += 1
        this.#removeTree(path)
        continue
      }
      directory.isDurable = true
      directory.crash(random, losses)
    }
    for (const inode of this.inodes()) inode.crash(random, losses)
  }

  inodes(): Set<Inode> {
    const inodes = new Set<Inode>()
    for (const directory of this.#directories.values()) for (const inode of directory.inodes()) inodes.add(inode)
    return inodes
  }

  #removeTree(path: string): void {
    for (const other of this.#directories.keys()) if (other === path || other.startsWith(`${path}/`)) this.#directories.delete(other)
  }
}

function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')))
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}
