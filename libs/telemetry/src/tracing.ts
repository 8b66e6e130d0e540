import { SpanStatusCode, trace } from '@opentelemetry/api';
import type { Attributes } from '@opentelemetry/api';
import { redactText } from './redact.ts';

export interface Tracing {
  readonly enabled: boolean;
  /** Sends what is left. Call it last on the way out. */
  stop(): Promise<void>;
}

/**
 * Starts OpenTelemetry if OTEL_EXPORTER_OTLP_ENDPOINT is set, and otherwise does nothing: not even the SDK is loaded,
 * which would cost every start a quarter of a second.
 */
export async function startTracing(serviceName: string, environment: NodeJS.ProcessEnv = process.env): Promise<Tracing> {
  if ((environment['OTEL_EXPORTER_OTLP_ENDPOINT'] ?? '') === '') return { enabled: false, stop: () => Promise.resolve() };
  const [{ NodeSDK }, { OTLPTraceExporter }] = await Promise.all([
    import('@opentelemetry/sdk-node'),
    import('@opentelemetry/exporter-trace-otlp-http'),
  ]);
  const sdk = new NodeSDK({ serviceName, traceExporter: new OTLPTraceExporter(), metricReaders: [], logRecordProcessors: [], instrumentations: [] });
  sdk.start();
  return {
    enabled: true,
    // A collector that is away must not hold up the end of a process.
    stop: () => sdk.shutdown().catch(() => undefined),
  };
}

/** Runs work in a span; a failure is marked on it and thrown on. Without a started SDK it costs next to nothing. */
export function inSpan<T>(name: string, attributes: Attributes, work: () => Promise<T>): Promise<T> {
  return trace.getTracer('meshfleet').startActiveSpan(name, { attributes }, async (span) => {
    try {
      return await work();
    } catch (error) {
      const message = redactText(error instanceof Error ? error.message : String(error));
      span.setStatus({ code: SpanStatusCode.ERROR, message });
      throw error;
    } finally {
      span.end();
    }
  });
}
