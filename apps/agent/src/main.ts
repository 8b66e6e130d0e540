import { existsSync } from 'node:fs';
import { MeshfleetError } from '@meshfleet/model';
import { loadAccess } from '@meshfleet/kube';
import { startAgent } from './agent.ts';
import { readConfig } from './config.ts';
import { createLog, describeError } from './log.ts';

const BROKEN_STOP_MS = 10_000;
const log = createLog('info');

async function main(): Promise<void> {
  const config = readConfig(process.env);
  const inPod = (process.env['KUBECONFIG'] ?? '') === '' && existsSync('/var/run/secrets/kubernetes.io/serviceaccount');
  let stopping = false;
  const stop = (code: number) => {
    // A second signal means now.
    if (stopping) process.exit(1);
    stopping = true;
    agent.stop().then(
      () => process.exit(code),
      (error: unknown) => {
        log.error(describeError(error), 'could not stop in order');
        process.exit(1);
      },
    );
  };
  const agent = await startAgent({
    config,
    access: await loadAccess(process.env),
    log: createLog(config.logLevel),
    inPod,
    // Whoever started the process starts it anew: in order if that still goes.
    onBroken() {
      setTimeout(() => process.exit(1), BROKEN_STOP_MS).unref();
      stop(1);
    },
  });
  process.on('SIGTERM', () => stop(0));
  process.on('SIGINT', () => stop(0));
}

main().catch((error: unknown) => {
  const facts = error instanceof MeshfleetError ? error.toEnvelope() : describeError(error);
  log.error(facts, 'the agent cannot start');
  process.exit(error instanceof MeshfleetError && error.code === 'CONFIG_INVALID' ? 2 : 1);
});
