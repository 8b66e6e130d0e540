export { createLogger } from './logger.ts';
export type { Logger, LoggerOptions } from './logger.ts';
export { createMetrics } from './metrics.ts';
export type { Metrics } from './metrics.ts';
export { redact, redactText } from './redact.ts';
export { serveProbes } from './serve-probes.ts';
export type { ProbeServer } from './serve-probes.ts';
export { inSpan, startTracing } from './tracing.ts';
export type { Tracing } from './tracing.ts';
