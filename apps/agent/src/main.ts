import { existsSync } from 'node:fs';
import { MeshfleetError } from '@meshfleet/model';
import { loadAccess } from '@meshfleet/kube';
import { startAgent } from './agent.ts';
import { readConfig } from './config.ts';
import { createLog, describeError } from './log.ts';

const log = createLog('info');

async function main(): Promise<void> {
  const config = readConfig(process.env);
  const inPod = (process.env['KUBECONFIG'] ?? '') === '' && existsSync('/var/run/secrets/kubernetes.io/serviceaccount');
  const agent = await startAgent({ config, access: await loadAccess(process.env), log: createLog(config.logLevel), inPod });
  let stopping = false;
  const stop = () => {
    // A second signal means now.
    if (stopping) process.exit(1);
    stopping = true;
    agent.stop().then(
      () => process.exit(0),
      (error: unknown) => {
        log.error(describeError(error), 'could not stop in order');
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
}

main().catch((error: unknown) => {
  const facts = error instanceof MeshfleetError ? error.toEnvelope() : describeError(error);
  log.error(facts, 'the agent cannot start');
  process.exit(error instanceof MeshfleetError && error.code === 'CONFIG_INVALID' ? 2 : 1);
});
