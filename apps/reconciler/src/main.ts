import { createJobs } from '@meshfleet/jobs';
import { MeshfleetError } from '@meshfleet/model';
import { openStore } from '@meshfleet/store';
import type { Store } from '@meshfleet/store';
import { createLogger, createMetrics, serveProbes, startTracing } from '@meshfleet/telemetry';
import type { Logger } from '@meshfleet/telemetry';
import { afterRestore } from './after-restore.ts';
import { readConfiguration } from './configuration.ts';
import type { Configuration } from './configuration.ts';
import { createReconciler } from './reconciler.ts';
import { createWebhookCaller } from './rollout/call-webhook.ts';

const logger = createLogger('reconciler');
const tracing = await startTracing('reconciler');

try {
  const configuration = readConfiguration(process.argv.slice(2), process.env);
  const store = await openStore({ databaseUrl: configuration.databaseUrl, applicationName: 'meshfleet-reconciler' });
  try {
    if (configuration.mode === 'restored') await restored(store);
    else await reconcile(store, configuration, logger);
  } finally {
    await store.close();
  }
} catch (error) {
  const known = error instanceof MeshfleetError;
  logger.fatal(known ? { error: error.toEnvelope() } : { err: error }, known ? error.summary : 'the reconciler failed');
  process.exitCode = known && error.code === 'CONFIG_INVALID' ? 2 : 1;
} finally {
  await tracing.stop();
}

async function restored(store: Store): Promise<void> {
  const epochs = await afterRestore(store);
  for (const [organizationId, epoch] of epochs) logger.warn({ organizationId, epoch }, 'the organization has a new epoch and only observes until a person resumes it');
}

async function reconcile(store: Store, configuration: Configuration, log: Logger): Promise<void> {
  const metrics = createMetrics('reconciler');
  const jobs = await createJobs({
    databaseUrl: configuration.databaseUrl,
    ...(configuration.redisUrl === undefined ? {} : { redisUrl: configuration.redisUrl }),
    onFailure: ({ queue, id, error, last }) => log[last ? 'error' : 'warn']({ queue, id, err: error }, last ? 'a job failed for good' : 'a job failed and is tried again'),
    onError: (error) => log.warn({ err: error }, 'the connection to the queues was lost'),
  });
  const callWebhook = createWebhookCaller({ key: configuration.key, allowedHosts: configuration.privateHosts, now: () => new Date() });
  const reconciler = createReconciler({ store, jobs, logger: log, metrics, retention: configuration.retention, concurrency: configuration.concurrency, callWebhook });
  const { port, host } = configuration;
  const health = port === undefined ? undefined : await serveProbes({ port, host, metrics, ready: () => store.ready(), setting: 'PORT' });
  try {
    if (configuration.mode === 'drain') {
      log.info(await reconciler.drain(), 'drained');
      return;
    }
    const told = untilTold();
    await reconciler.start();
    log.info({ port: health?.port }, 'the reconciler works');
    log.info({ signal: await told }, 'ending what is under way');
  } finally {
    await reconciler.stop();
    await jobs.close();
    await health?.close();
  }
}

/** Resolves at the first SIGTERM or SIGINT; a second one ends the process at once. */
function untilTold(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      process.once(signal, () => {
        resolve(signal);
        process.once(signal, () => process.exit(1));
      });
    }
  });
}
