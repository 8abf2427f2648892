export { Accounting, type Operation } from './clients/accounting.js'
export { CommandOutcomes } from './clients/command-outcomes.js'
export { type Applied, DirectClients } from './clients/direct-clients.js'
export { HandoverReaders } from './clients/handover-readers.js'
export { Cluster } from './cluster/cluster.js'
export { type MemberSettings, SimulatedMember } from './cluster/simulated-member.js'
export type {
  LifeEnvironment,
  LogBase,
  MemberEnvironment,
  MemberLife,
  NodePorts,
  SimulatedTransport,
  SimulationContext,
  Stack,
  StackFactory,
  StorageLayer,
  TransportLayer,
  WorkCost,
  Workload,
} from './cluster/stack.js'
export { type DefaultStackOptions, defaultStack } from './defaults/default-stack.js'
export { ListMachine, listStack, listStackOf } from './defaults/replicated-list.js'
export type { DiskFile, DiskFileSystem, DiskOperation } from './disk/disk-file-system.js'
export { type DiskConditions, type HostDisk, healthyDisk } from './disk/host-disk.js'
export { diskLosses } from './disk/losses.js'
export { SimulatedDisk } from './disk/simulated-disk.js'
export { type Counterexample, type Exploration, type ExploreOptions, explore } from './explorer/explore.js'
export type { CreateState, Faults, Scope } from './explorer/scope.js'
export { faultNames, unbearableFaultNames } from './faults/actions.js'
export { type Character, isPlain, plainCharacter } from './faults/character.js'
export { type Calm, calmable, type Plan, type PlanOptions, type Reduction } from './faults/plan.js'
export {
  checkLinearizability,
  type LinearizabilityOptions,
  type LinearizabilityResult,
} from './linearizability/check-linearizability.js'
export type { HistoryOperation, SequentialModel } from './linearizability/model.js'
export {
  type Datagram,
  type DatagramConditions,
  DatagramNetwork,
  type SimulatedSocket,
  type SimulatedSockets,
} from './network/datagram-network.js'
export type { Place, SocketEvents } from './network/datagram-socket.js'
export { calmConditions, type LinkConditions, Links } from './network/links.js'
export { type Accept, type SimulatedStream, type StreamConditions, StreamNetwork } from './network/stream-network.js'
export type { StreamEvents } from './network/stream-ports.js'
export { describeFailure, SimulationFailedError } from './report/failure.js'
export { type ReducedFailure, reduceFailure } from './report/reduce.js'
export { faultsCounted, Statistics, type StatisticsData } from './report/statistics.js'
export { type CheckOptions, check, checkStack, type StackCheckOptions } from './run/check.js'
export type { LivenessBounds } from './run/liveness.js'
export { type Outcome, type SimulationOptions, simulate } from './run/simulate.js'
export { EventQueue, ScheduledEvent } from './world/event-queue.js'
export { Host, HostClock, Incarnation } from './world/host.js'
export { Prng } from './world/prng.js'
export { Trace } from './world/trace.js'
export { type Violation, World } from './world/world.js'
