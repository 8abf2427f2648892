export { anyPorts, type PortPair } from './free-ports.js'
export { type Exit, MemberProcess } from './member-process.js'
export { type Host, ProcessCluster, type ProcessClusterOptions } from './process-cluster.js'
