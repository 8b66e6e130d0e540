export type { Cluster } from './cluster.ts';
export type { AuditEvent } from './faults/audit-log.ts';
export type { RequestCounters, Traffic } from './faults/counters.ts';
export type { FaultControl, FaultTarget } from './faults/faults.ts';
export type { NodeSpec, ResourceInfo, StoreEvent, StoreView } from './seam.ts';
export type { ServingCertificate } from './server/certificate.ts';
export { StatusError, type Status } from './server/status-error.ts';
export { startSimulatedCluster, type SimulatedCluster, type SimulatedClusterOptions } from './start.ts';
export { shop } from './fixtures/shop.ts';
