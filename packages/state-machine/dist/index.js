import { RaftError, Writer, assert, EntryKind } from '@raft/core';
import { createHash } from 'crypto';
import sortedBTree from 'sorted-btree';

// src/command.ts
var COMMAND_VERSION = 1;
var Operation = { Put: 1, Delete: 2, CompareAndSet: 3, Transaction: 4 };
var Step = { Put: 1, Delete: 2, Get: 5, Range: 6 };
var Target = { value: 1, createRevision: 2, modRevision: 3, version: 4 };
var Relation = { equal: 1, notEqual: 2, less: 3, greater: 4 };
var RANGE_HAS_AFTER = 1;
var CommandError = class extends RaftError {
  constructor(code, message) {
    super(code, message);
  }
};

// src/limits.ts
var MAX_KEY_BYTES = 65535;
var DEFAULT_RANGE_LIMIT = 1e3;
var MAX_RANGE_LIMIT = 1e4;
var MAX_RANGE_BYTES = 4 * 1024 * 1024;
var ENTRY_OVERHEAD_BYTES = 32;
var MAX_TRANSACTION_OPERATIONS = 1e4;
var MAX_TRANSACTION_READ_BYTES = 16 * 1024 * 1024;

// src/command-decoder.ts
var RELATIONS = byNumber(Relation);
var TARGETS = byNumber(Target);
function decodeCommand(bytes) {
  const decoder = new CommandDecoder(bytes);
  return decoder.decode(0, bytes.length);
}
var CommandDecoder = class {
  #bytes;
  #start = 0;
  #position = 0;
  #end = 0;
  constructor(bytes) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }
  /** The command between two places of the bytes. @throws CommandError, with the same message wherever the command lies */
  decode(start, end) {
    this.#start = start;
    this.#position = start;
    this.#end = end;
    const version = this.#u8();
    if (version !== COMMAND_VERSION)
      throw new CommandError("RAFT_COMMAND_VERSION", `a command of version ${version}: version ${COMMAND_VERSION} is known here`);
    const command = this.#command();
    if (this.#position !== end) throw malformed(`${end - this.#position} bytes too many`);
    return command;
  }
  #command() {
    const operation = this.#u8();
    switch (operation) {
      case Operation.Put:
        return { type: "put", key: this.#key(), value: this.#byteString() };
      case Operation.Delete:
        return { type: "delete", key: this.#key() };
      case Operation.CompareAndSet:
        return { type: "compareAndSet", key: this.#key(), prevRevision: this.#u64(), value: this.#byteString() };
      case Operation.Transaction:
        return { type: "transaction", compares: this.#compares(), thenSteps: this.#steps(), elseSteps: this.#steps() };
      default:
        throw malformed(`the operation ${operation} is unknown`);
    }
  }
  #compares() {
    const count = this.#count();
    const compares = [];
    for (let i = 0; i < count; i++) compares.push(this.#compare());
    return compares;
  }
  #compare() {
    const target = TARGETS[this.#u8()];
    const relation = RELATIONS[this.#u8()];
    if (target === void 0 || relation === void 0) throw malformed("a compare whose target or relation is unknown");
    const key = this.#key();
    return target === "value" ? { target, relation, key, operand: this.#byteString() } : { target, relation, key, operand: this.#u64() };
  }
  #steps() {
    const count = this.#count();
    const steps = [];
    for (let i = 0; i < count; i++) steps.push(this.#step());
    return steps;
  }
  #step() {
    const step = this.#u8();
    switch (step) {
      case Step.Put:
        return { type: "put", key: this.#key(), value: this.#byteString() };
      case Step.Delete:
        return { type: "delete", key: this.#key() };
      case Step.Get:
        return { type: "get", key: this.#key() };
      case Step.Range:
        return this.#range();
      default:
        throw malformed(`the step ${step} is unknown`);
    }
  }
  #range() {
    const flags = this.#u8();
    if (flags > RANGE_HAS_AFTER) throw malformed(`the flags ${flags} of a range are unknown`);
    const prefix = this.#byteString();
    const after = this.#byteString();
    const limit = this.#u32();
    if (flags === RANGE_HAS_AFTER) return { type: "range", prefix, after, limit };
    if (after.length > 0) throw malformed("a range with an `after` that does not count");
    return { type: "range", prefix, limit };
  }
  #count() {
    const count = this.#u32();
    if (count > MAX_TRANSACTION_OPERATIONS)
      throw new CommandError(
        "RAFT_TRANSACTION_TOO_LARGE",
        `a transaction of ${count} operations: at most ${MAX_TRANSACTION_OPERATIONS} of a kind are allowed`
      );
    return count;
  }
  #key() {
    const length = this.#u32();
    if (length === 0 || length > MAX_KEY_BYTES)
      throw new CommandError("RAFT_KEY_LENGTH", `a key of ${length} bytes: 1 to ${MAX_KEY_BYTES} are allowed`);
    return this.#view(length);
  }
  #byteString() {
    return this.#view(this.#u32());
  }
  #view(length) {
    const at = this.#take(length);
    return this.#bytes.subarray(at, at + length);
  }
  #u8() {
    return this.#bytes[this.#take(1)];
  }
  #u32() {
    return this.#bytes.readUInt32LE(this.#take(4));
  }
  #u64() {
    const at = this.#take(8);
    const high = this.#bytes.readUInt32LE(at + 4);
    if (high > 2097151) throw malformed(`the number at byte ${at - this.#start} is over 2^53`);
    return high * 4294967296 + this.#bytes.readUInt32LE(at);
  }
  #take(length) {
    const at = this.#position;
    if (length > this.#end - at)
      throw malformed(`cut short at byte ${this.#end - this.#start}: ${length} bytes expected from byte ${at - this.#start} on`);
    this.#position = at + length;
    return at;
  }
};
function malformed(message) {
  return new CommandError("RAFT_COMMAND_MALFORMED", message);
}
function byNumber(numbers) {
  const names = [];
  for (const name in numbers) names[numbers[name]] = name;
  return names;
}
var HEADER_BYTES = 2;
var LENGTH_BYTES = 4;
var NO_BYTES = new Uint8Array(0);
function encodePut(key, value) {
  const writer = begin(Operation.Put, LENGTH_BYTES + key.length + LENGTH_BYTES + value.length);
  writeKey(writer, key);
  writeBytes(writer, value);
  return writer.bytes;
}
function encodeDelete(key) {
  const writer = begin(Operation.Delete, LENGTH_BYTES + key.length);
  writeKey(writer, key);
  return writer.bytes;
}
function encodeCompareAndSet(key, prevRevision, value) {
  const writer = begin(Operation.CompareAndSet, LENGTH_BYTES + key.length + 8 + LENGTH_BYTES + value.length);
  writeKey(writer, key);
  writeU64(writer, prevRevision);
  writeBytes(writer, value);
  return writer.bytes;
}
function encodeTransaction(transaction) {
  let length = 3 * LENGTH_BYTES;
  for (const compare of transaction.compares) length += compareLength(compare);
  for (const step of transaction.thenSteps) length += stepLength(step);
  for (const step of transaction.elseSteps) length += stepLength(step);
  const writer = begin(Operation.Transaction, length);
  writeCount(writer, transaction.compares.length);
  for (const compare of transaction.compares) writeCompare(writer, compare);
  writeCount(writer, transaction.thenSteps.length);
  for (const step of transaction.thenSteps) writeStep(writer, step);
  writeCount(writer, transaction.elseSteps.length);
  for (const step of transaction.elseSteps) writeStep(writer, step);
  return writer.bytes;
}
function encodeCommand(command) {
  switch (command.type) {
    case "put":
      return encodePut(command.key, command.value);
    case "delete":
      return encodeDelete(command.key);
    case "compareAndSet":
      return encodeCompareAndSet(command.key, command.prevRevision, command.value);
    case "transaction":
      return encodeTransaction(command);
  }
}
function begin(operation, length) {
  const writer = new Writer(new Uint8Array(HEADER_BYTES + length));
  writer.u8(COMMAND_VERSION);
  writer.u8(operation);
  return writer;
}
function compareLength(compare) {
  return 2 + LENGTH_BYTES + compare.key.length + (compare.target === "value" ? LENGTH_BYTES + compare.operand.length : 8);
}
function stepLength(step) {
  switch (step.type) {
    case "put":
      return 1 + LENGTH_BYTES + step.key.length + LENGTH_BYTES + step.value.length;
    case "delete":
    case "get":
      return 1 + LENGTH_BYTES + step.key.length;
    case "range":
      return 2 + LENGTH_BYTES + (step.prefix?.length ?? 0) + LENGTH_BYTES + (step.after?.length ?? 0) + 4;
  }
}
function writeCompare(writer, compare) {
  writer.u8(Target[compare.target]);
  writer.u8(Relation[compare.relation]);
  writeKey(writer, compare.key);
  if (compare.target === "value") writeBytes(writer, compare.operand);
  else writeU64(writer, compare.operand);
}
function writeStep(writer, step) {
  switch (step.type) {
    case "put":
      writer.u8(Step.Put);
      writeKey(writer, step.key);
      writeBytes(writer, step.value);
      return;
    case "delete":
      writer.u8(Step.Delete);
      writeKey(writer, step.key);
      return;
    case "get":
      writer.u8(Step.Get);
      writeKey(writer, step.key);
      return;
    case "range":
      writer.u8(Step.Range);
      writeRange(writer, step);
  }
}
function writeRange(writer, range) {
  const limit = range.limit ?? 0;
  if (!Number.isInteger(limit) || limit < 0 || limit > 4294967295) throw malformed2(`the limit ${limit} is not from 0 to 4294967295`);
  writer.u8(range.after === void 0 ? 0 : RANGE_HAS_AFTER);
  writeBytes(writer, range.prefix ?? NO_BYTES);
  writeBytes(writer, range.after ?? NO_BYTES);
  writer.u32(limit);
}
function writeKey(writer, key) {
  if (key.length === 0 || key.length > MAX_KEY_BYTES)
    throw new CommandError("RAFT_KEY_LENGTH", `a key of ${key.length} bytes: 1 to ${MAX_KEY_BYTES} are allowed`);
  writeBytes(writer, key);
}
function writeBytes(writer, bytes) {
  writer.u32(bytes.length);
  writer.raw(bytes);
}
function writeU64(writer, value) {
  if (!Number.isSafeInteger(value) || value < 0) throw malformed2(`${value} is no revision or version: a whole number from 0 on is`);
  writer.u64(value);
}
function writeCount(writer, count) {
  if (count > MAX_TRANSACTION_OPERATIONS)
    throw new CommandError(
      "RAFT_TRANSACTION_TOO_LARGE",
      `a transaction of ${count} operations: at most ${MAX_TRANSACTION_OPERATIONS} of a kind are allowed`
    );
  writer.u32(count);
}
function malformed2(message) {
  return new CommandError("RAFT_COMMAND_MALFORMED", message);
}
var CHUNK_BYTES = 128 * 1024;
var HEADER_BYTES2 = 4 + 4 + 8 + 8 + 8;
function digest(keys, revision) {
  const hash = createHash("sha256");
  const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
  let used = chunk.writeDoubleLE(revision, 0);
  keys.forEach((key, stored) => {
    if (used + HEADER_BYTES2 + key.length > CHUNK_BYTES) {
      hash.update(chunk.subarray(0, used));
      used = 0;
    }
    used = chunk.writeUInt32LE(key.length, used);
    used = chunk.writeUInt32LE(stored.value.length, used);
    used = chunk.writeDoubleLE(stored.createRevision, used);
    used = chunk.writeDoubleLE(stored.modRevision, used);
    used = chunk.writeDoubleLE(stored.version, used);
    used += chunk.write(key, used, "latin1");
    if (used + stored.value.length > CHUNK_BYTES) {
      hash.update(chunk.subarray(0, used));
      used = 0;
    }
    if (stored.value.length > CHUNK_BYTES) {
      hash.update(stored.value);
    } else {
      chunk.set(stored.value, used);
      used += stored.value.length;
    }
  });
  hash.update(chunk.subarray(0, used));
  return hash.digest("hex");
}

// src/key.ts
function toBinaryKey(key) {
  return (Buffer.isBuffer(key) ? key : Buffer.from(key.buffer, key.byteOffset, key.byteLength)).toString("latin1");
}
function fromBinaryKey(key) {
  return Buffer.from(key, "latin1");
}
function compareKeys(a, b) {
  return a < b ? -1 : a === b ? 0 : 1;
}

// src/value-memory.ts
var MAX_SHARED_BYTES = 1024;
var SLAB_BYTES = 8 * 1024;
var ValueMemory = class {
  #slab = Buffer.allocUnsafeSlow(0);
  #used = 0;
  copy(value) {
    const length = value.length;
    if (length > MAX_SHARED_BYTES) {
      const own = Buffer.allocUnsafeSlow(length);
      own.set(value);
      return own;
    }
    if (this.#used + length > this.#slab.length) {
      this.#slab = Buffer.allocUnsafeSlow(SLAB_BYTES);
      this.#used = 0;
    }
    const start = this.#used;
    this.#used = start + length;
    this.#slab.set(value, start);
    return this.#slab.subarray(start, this.#used);
  }
};

// src/keyspace.ts
var BTree = sortedBTree.default;
var Keyspace = class _Keyspace {
  #tree;
  #memory;
  constructor(tree = new BTree(void 0, compareKeys), memory = new ValueMemory()) {
    this.#tree = tree;
    this.#memory = memory;
  }
  get size() {
    return this.#tree.size;
  }
  fork() {
    return new _Keyspace(this.#tree.clone(), this.#memory);
  }
  /** The value is copied. */
  put(key, value, revision) {
    const before = this.#tree.get(key);
    const stored = {
      value: this.#memory.copy(value),
      createRevision: before === void 0 ? revision : before.createRevision,
      modRevision: revision,
      version: before === void 0 ? 1 : before.version + 1
    };
    this.#tree.set(key, stored);
    return stored;
  }
  /** Whether the key existed. */
  delete(key) {
    return this.#tree.delete(key);
  }
  find(key) {
    return this.#tree.get(key);
  }
  get(key) {
    const binaryKey = toBinaryKey(key);
    const stored = this.#tree.get(binaryKey);
    return stored === void 0 ? null : keyValue(binaryKey, stored);
  }
  range(request) {
    const prefix = request.prefix === void 0 ? "" : toBinaryKey(request.prefix);
    const after = request.after === void 0 ? null : toBinaryKey(request.after);
    const limit = Math.min(request.limit === void 0 || request.limit === 0 ? DEFAULT_RANGE_LIMIT : request.limit, MAX_RANGE_LIMIT);
    const entries = [];
    let bytes = 0;
    for (const [key, stored] of this.#tree.entries(after !== null && after > prefix ? after : prefix)) {
      if (key === after) continue;
      if (!key.startsWith(prefix)) break;
      const entryBytes = key.length + stored.value.length + ENTRY_OVERHEAD_BYTES;
      if (entries.length === limit || bytes + entryBytes > MAX_RANGE_BYTES && entries.length > 0) return { entries, more: true, bytes };
      entries.push(keyValue(key, stored));
      bytes += entryBytes;
    }
    return { entries, more: false, bytes };
  }
  /** Every key with what is stored of it, in order. */
  forEach(visit) {
    this.#tree.forEachPair(visit);
  }
};
function keyValue(key, stored) {
  return {
    key: fromBinaryKey(key),
    value: stored.value,
    createRevision: stored.createRevision,
    modRevision: stored.modRevision,
    version: stored.version
  };
}

// src/transaction.ts
function runTransaction(keys, transaction, revision) {
  const succeeded = transaction.compares.every((compare) => holds(keys, compare));
  const results = [];
  let changed = false;
  let bytesRead = 0;
  for (const step of succeeded ? transaction.thenSteps : transaction.elseSteps) {
    switch (step.type) {
      case "put": {
        const { createRevision, modRevision, version } = keys.put(toBinaryKey(step.key), step.value, revision);
        results.push({ type: "put", createRevision, modRevision, version });
        changed = true;
        break;
      }
      case "delete": {
        const deleted = keys.delete(toBinaryKey(step.key));
        results.push({ type: "delete", deleted });
        changed ||= deleted;
        break;
      }
      case "get": {
        const entry = keys.get(step.key);
        results.push({ type: "get", entry });
        if (entry !== null) bytesRead += entry.key.length + entry.value.length + ENTRY_OVERHEAD_BYTES;
        break;
      }
      case "range": {
        const { entries, more, bytes } = keys.range(step);
        results.push({ type: "range", entries, more });
        bytesRead += bytes;
      }
    }
    if (bytesRead > MAX_TRANSACTION_READ_BYTES)
      throw new CommandError(
        "RAFT_TRANSACTION_TOO_LARGE",
        `the transaction reads over ${MAX_TRANSACTION_READ_BYTES} bytes: read less, or in several`
      );
  }
  return { succeeded, results, changed };
}
function canFail(transaction) {
  return transaction.thenSteps.some(reads) || transaction.elseSteps.some(reads);
}
function reads(step) {
  return step.type === "get" || step.type === "range";
}
function holds(keys, compare) {
  const stored = keys.find(toBinaryKey(compare.key));
  if (compare.target !== "value") return relates(compare.relation, (stored?.[compare.target] ?? 0) - compare.operand);
  if (stored === void 0) return compare.relation === "notEqual";
  return relates(compare.relation, Buffer.compare(stored.value, compare.operand));
}
function relates(relation, difference) {
  switch (relation) {
    case "equal":
      return difference === 0;
    case "notEqual":
      return difference !== 0;
    case "less":
      return difference < 0;
    case "greater":
      return difference > 0;
  }
}

// src/key-value-store.ts
var KeyValueStore = class {
  #keys = new Keyspace();
  #revision = 0;
  #lastApplied = 0;
  /** Index of the last entry that the state includes; 0 when it is new. */
  get lastApplied() {
    return this.#lastApplied;
  }
  /** How many commands have changed something. */
  get revision() {
    return this.#revision;
  }
  /** How many keys there are. */
  get size() {
    return this.#keys.size;
  }
  /** What the key holds; null when it does not exist. */
  get(key) {
    return this.#keys.get(key);
  }
  /** Keys in bytewise order, of a prefix, from behind `after` on; `more` when a limit (keys, or 4 MiB) left some out. */
  range(request = {}) {
    const { entries, more } = this.#keys.range(request);
    return { entries, more, revision: this.#revision };
  }
  /**
   * SHA-256 of keys, values and revisions, in hexadecimal: equal on members whose states are equal. Takes time with the size
   * of the state, and nothing else runs meanwhile.
   */
  digest() {
    return digest(this.#keys, this.#revision);
  }
  /** Never throws for what a command holds: one that makes no sense changes nothing and has a `CommandFailure` for result. */
  apply(entries) {
    assert(
      entries.firstIndex === this.#lastApplied + 1,
      () => `entries from ${entries.firstIndex} on to apply, but ${this.#lastApplied} was the last applied`
    );
    const { bytes, offsets } = entries;
    const decoder = new CommandDecoder(bytes);
    const results = [];
    for (let i = 0; i < entries.count; i++) {
      const start = offsets[i];
      results.push(bytes[start] === EntryKind.Command ? this.#applyCommand(decoder, start + 1, offsets[i + 1]) : void 0);
    }
    this.#lastApplied = entries.lastIndex;
    return results;
  }
  #applyCommand(decoder, start, end) {
    try {
      return this.#run(decoder.decode(start, end));
    } catch (error) {
      if (!(error instanceof CommandError)) throw error;
      return { type: "error", revision: this.#revision, code: error.code, message: error.message };
    }
  }
  #run(command) {
    switch (command.type) {
      case "put":
        return this.#put(command.key, command.value);
      case "delete":
        return this.#delete(command.key);
      case "compareAndSet":
        return this.#compareAndSet(command.key, command.prevRevision, command.value);
      case "transaction":
        return this.#transaction(command);
    }
  }
  #put(key, value) {
    this.#revision += 1;
    const { createRevision, modRevision, version } = this.#keys.put(toBinaryKey(key), value, this.#revision);
    return { type: "put", revision: this.#revision, createRevision, modRevision, version };
  }
  #delete(key) {
    const deleted = this.#keys.delete(toBinaryKey(key));
    if (deleted) this.#revision += 1;
    return { type: "delete", revision: this.#revision, deleted };
  }
  #compareAndSet(key, prevRevision, value) {
    const binaryKey = toBinaryKey(key);
    const current = this.#keys.find(binaryKey)?.modRevision ?? 0;
    if (current !== prevRevision) return { type: "compareAndSet", revision: this.#revision, succeeded: false, modRevision: current };
    this.#revision += 1;
    this.#keys.put(binaryKey, value, this.#revision);
    return { type: "compareAndSet", revision: this.#revision, succeeded: true, modRevision: this.#revision };
  }
  #transaction(transaction) {
    const keys = canFail(transaction) ? this.#keys.fork() : this.#keys;
    const { succeeded, results, changed } = runTransaction(keys, transaction, this.#revision + 1);
    this.#keys = keys;
    if (changed) this.#revision += 1;
    return { type: "transaction", revision: this.#revision, succeeded, results };
  }
};

export { CommandError, DEFAULT_RANGE_LIMIT, KeyValueStore, MAX_KEY_BYTES, MAX_RANGE_BYTES, MAX_RANGE_LIMIT, MAX_TRANSACTION_OPERATIONS, MAX_TRANSACTION_READ_BYTES, decodeCommand, encodeCommand, encodeCompareAndSet, encodeDelete, encodePut, encodeTransaction };
//# sourceMappingURL=index.js.map
//# sourceMappingURL=index.js.map