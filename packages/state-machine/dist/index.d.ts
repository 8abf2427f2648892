import { RaftError, StateMachine, EntryBatch } from '@raft/core';

declare const Relation: {
    readonly equal: 1;
    readonly notEqual: 2;
    readonly less: 3;
    readonly greater: 4;
};
type RelationName = keyof typeof Relation;
/** What holds of a key; one that does not exist has revisions and version 0, and is unequal to every value. */
type Compare = {
    readonly target: 'value';
    readonly relation: RelationName;
    readonly key: Uint8Array;
    readonly operand: Uint8Array;
} | {
    readonly target: 'createRevision' | 'modRevision' | 'version';
    readonly relation: RelationName;
    readonly key: Uint8Array;
    readonly operand: number;
};
interface RangeRequest {
    /** Keys that begin with these bytes; all keys when left out or empty. */
    readonly prefix?: Uint8Array;
    /** Only keys behind this one, which need not exist: the last key of the page before. From the beginning when left out. */
    readonly after?: Uint8Array;
    /** How many keys at most; 1000 when left out or 0, never more than 10,000. */
    readonly limit?: number;
}
interface PutCommand {
    readonly type: 'put';
    readonly key: Uint8Array;
    readonly value: Uint8Array;
}
interface DeleteCommand {
    readonly type: 'delete';
    readonly key: Uint8Array;
}
interface CompareAndSetCommand {
    readonly type: 'compareAndSet';
    readonly key: Uint8Array;
    /** The key's modRevision; 0 when it must not exist. */
    readonly prevRevision: number;
    readonly value: Uint8Array;
}
interface TransactionCommand {
    readonly type: 'transaction';
    /** All must hold for `thenSteps` to be carried out; otherwise `elseSteps` are. */
    readonly compares: readonly Compare[];
    readonly thenSteps: readonly TransactionStep[];
    readonly elseSteps: readonly TransactionStep[];
}
interface GetStep {
    readonly type: 'get';
    readonly key: Uint8Array;
}
interface RangeStep extends RangeRequest {
    readonly type: 'range';
}
type TransactionStep = PutCommand | DeleteCommand | GetStep | RangeStep;
type Command = PutCommand | DeleteCommand | CompareAndSetCommand | TransactionCommand;

/** Reads the command that `bytes` hold, whole. Its keys and values are views. @throws CommandError for anything else */
declare function decodeCommand(bytes: Uint8Array): Command;

/** @throws CommandError (`RAFT_KEY_LENGTH`) */
declare function encodePut(key: Uint8Array, value: Uint8Array): Uint8Array;
/** @throws CommandError (`RAFT_KEY_LENGTH`) */
declare function encodeDelete(key: Uint8Array): Uint8Array;
/**
 * @param prevRevision the key's modRevision; 0: it must not exist
 * @throws CommandError (`RAFT_KEY_LENGTH`, `RAFT_COMMAND_MALFORMED` when `prevRevision` is no revision)
 */
declare function encodeCompareAndSet(key: Uint8Array, prevRevision: number, value: Uint8Array): Uint8Array;
/** @throws CommandError (`RAFT_KEY_LENGTH`, `RAFT_TRANSACTION_TOO_LARGE`, `RAFT_COMMAND_MALFORMED` for a number that does not fit) */
declare function encodeTransaction(transaction: Omit<TransactionCommand, 'type'>): Uint8Array;
/** The bytes of a command: the payload of an entry. @throws CommandError as the function for its type does */
declare function encodeCommand(command: Command): Uint8Array;

/** Why a command cannot be carried out. The codes are stable, and part of the result that all members agree on. */
type CommandErrorCode = 
/** The bytes are no command: cut short, too long, or with a number that has no meaning. */
'RAFT_COMMAND_MALFORMED'
/** The command is of a version that is not known here. */
 | 'RAFT_COMMAND_VERSION'
/** The key has no bytes, or more than 65,535. */
 | 'RAFT_KEY_LENGTH'
/** The transaction has more operations, or reads more bytes, than one may. */
 | 'RAFT_TRANSACTION_TOO_LARGE';
/** A command that cannot be encoded, decoded or carried out. `KeyValueStore.apply` answers it with a `CommandFailure`. */
declare class CommandError extends RaftError {
    readonly code: CommandErrorCode;
    constructor(code: CommandErrorCode, message: string);
}

/** A key as it is now. The bytes belong to the store: they are never written to. */
interface KeyValue {
    readonly key: Uint8Array;
    readonly value: Uint8Array;
    /** The store's revision when the key came to be. */
    readonly createRevision: number;
    /** The store's revision when the key was last put. */
    readonly modRevision: number;
    /** How often the key was put since it came to be; 1 or more. */
    readonly version: number;
}
interface PutStepResult {
    readonly type: 'put';
    readonly createRevision: number;
    readonly modRevision: number;
    readonly version: number;
}
interface DeleteStepResult {
    readonly type: 'delete';
    /** Whether the key existed. */
    readonly deleted: boolean;
}
interface GetStepResult {
    readonly type: 'get';
    readonly entry: KeyValue | null;
}
interface RangeStepResult {
    readonly type: 'range';
    readonly entries: readonly KeyValue[];
    /** Whether there are more keys behind the last entry, which a limit left out. */
    readonly more: boolean;
}
type StepResult = PutStepResult | DeleteStepResult | GetStepResult | RangeStepResult;
interface PutResult extends PutStepResult {
    /** The store's revision after the command; so in every result. */
    readonly revision: number;
}
interface DeleteResult extends DeleteStepResult {
    readonly revision: number;
}
interface CompareAndSetResult {
    readonly type: 'compareAndSet';
    readonly succeeded: boolean;
    readonly revision: number;
    /** The key's modRevision after the command: the new one, or the one that was in the way; 0 when there is no such key. */
    readonly modRevision: number;
}
interface TransactionResult {
    readonly type: 'transaction';
    /** Whether every compare held, so that `thenSteps` were carried out. */
    readonly succeeded: boolean;
    readonly revision: number;
    /** One for each step that was carried out, in order. */
    readonly results: readonly StepResult[];
}
/** The command could not be carried out, and has changed nothing; the same on every member. */
interface CommandFailure {
    readonly type: 'error';
    readonly revision: number;
    readonly code: CommandErrorCode;
    readonly message: string;
}
type StoreResult = PutResult | DeleteResult | CompareAndSetResult | TransactionResult | CommandFailure;
/** What a read beside the log answers with. */
interface RangeResult {
    readonly entries: readonly KeyValue[];
    readonly more: boolean;
    readonly revision: number;
}

/**
 * The replicated key-value store: keys in bytewise order, each with its revisions and version. `revision` takes one step for
 * each command that changes something, however many keys it changes; a put changes its key also when the value is the same.
 *
 * The state changes by `apply` only. Reads beside the log see what has been applied here, which may be behind the cluster:
 * for a linearizable read, await `readIndex()` of the node first.
 */
declare class KeyValueStore implements StateMachine<StoreResult> {
    #private;
    /** Index of the last entry that the state includes; 0 when it is new. */
    get lastApplied(): number;
    /** How many commands have changed something. */
    get revision(): number;
    /** How many keys there are. */
    get size(): number;
    /** What the key holds; null when it does not exist. */
    get(key: Uint8Array): KeyValue | null;
    /** Keys in bytewise order, of a prefix, from behind `after` on; `more` when a limit (keys, or 4 MiB) left some out. */
    range(request?: RangeRequest): RangeResult;
    /**
     * SHA-256 of keys, values and revisions, in hexadecimal: equal on members whose states are equal. Takes time with the size
     * of the state, and nothing else runs meanwhile.
     */
    digest(): string;
    /** Never throws for what a command holds: one that makes no sense changes nothing and has a `CommandFailure` for result. */
    apply(entries: EntryBatch): readonly (StoreResult | undefined)[];
}

/** A key has 1 to this many bytes. */
declare const MAX_KEY_BYTES = 65535;
/** How many keys a range answers when it does not say. */
declare const DEFAULT_RANGE_LIMIT = 1000;
/** How many keys a range answers at most, whatever it says. */
declare const MAX_RANGE_LIMIT = 10000;
/** How many bytes of keys and values (and `ENTRY_OVERHEAD_BYTES` each) a range answers at most; one key it always answers. */
declare const MAX_RANGE_BYTES: number;
/** How many compares, how many then-steps and how many else-steps a transaction has at most. */
declare const MAX_TRANSACTION_OPERATIONS = 10000;
/** How many bytes, counted as in a range, the steps of a transaction read at most together. */
declare const MAX_TRANSACTION_READ_BYTES: number;

export { type Command, CommandError, type CommandErrorCode, type CommandFailure, type Compare, type CompareAndSetCommand, type CompareAndSetResult, DEFAULT_RANGE_LIMIT, type DeleteCommand, type DeleteResult, type DeleteStepResult, type GetStep, type GetStepResult, type KeyValue, KeyValueStore, MAX_KEY_BYTES, MAX_RANGE_BYTES, MAX_RANGE_LIMIT, MAX_TRANSACTION_OPERATIONS, MAX_TRANSACTION_READ_BYTES, type PutCommand, type PutResult, type PutStepResult, type RangeRequest, type RangeResult, type RangeStep, type RangeStepResult, type RelationName, type StepResult, type StoreResult, type TransactionCommand, type TransactionResult, type TransactionStep, decodeCommand, encodeCommand, encodeCompareAndSet, encodeDelete, encodePut, encodeTransaction };
