import 'reflect-metadata';
import { MeshfleetError } from '@meshfleet/model';
import { serveProbes, startTracing, type Metrics } from '@meshfleet/telemetry';
import { ChangeFeed } from './changes/change-feed.ts';
import { createApp } from './create-app.ts';
import { Readiness } from './health/readiness.ts';
import { openParts } from './open-parts.ts';
import { METRICS } from './tokens.ts';

/** Requests under way get so long to finish once the process is told to end. */
const DRAIN_MS = 20_000;

async function main(): Promise<void> {
  const tracing = await startTracing('api');
  const parts = await openParts(process.env);
  const { config, logger, store } = parts;
  const app = await createApp(parts);
  // After a restart all agents come back within a second or two: Node's own backlog of 511 would turn most of them away.
  await app.listen({ port: config.port, host: config.host, backlog: 4096 });
  const metrics = config.metricsPort === undefined ? undefined : await serveProbes({ port: config.metricsPort, host: config.host, metrics: app.get<Metrics>(METRICS), setting: 'METRICS_PORT' });
  logger.info({ url: await app.getUrl(), metricsPort: metrics?.port, readyAfterMs: Math.round(performance.now()) }, 'the API listens');

  let ending = false;
  const end = (signal: NodeJS.Signals): void => {
    if (ending) return;
    ending = true;
    logger.info({ signal }, 'draining');
    setTimeout(() => {
      logger.warn('requests did not finish in time');
      process.exit(1);
    }, DRAIN_MS).unref();
    app.get(Readiness).drain();
    app.get(ChangeFeed).close();
    app
      .close()
      .then(() => metrics?.close())
      .then(() => store.close())
      .then(() => tracing.stop())
      .then(
        () => process.exit(0),
        (error: unknown) => {
          logger.error({ err: error }, 'the API did not end cleanly');
          process.exit(1);
        },
      );
  };
  process.on('SIGTERM', end);
  process.on('SIGINT', end);
}

main().catch((error: unknown) => {
  const known = error instanceof MeshfleetError;
  const envelope = known ? error.toEnvelope() : { code: 'INTERNAL', summary: error instanceof Error ? error.stack : String(error) };
  process.stderr.write(`${JSON.stringify({ level: 'fatal', name: 'api', msg: 'the API cannot start', ...envelope })}\n`);
  process.exit(known && error.code === 'CONFIG_INVALID' ? 2 : 1);
});
