import { MeshfleetError } from '@meshfleet/model';
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { makeThrowAwayDir } from './data-dir.ts';
import { startFleet } from './fleet.ts';
import { parseOptions, USAGE, type DemoOptions } from './options.ts';
import { createProgress } from './progress.ts';
import { enrolAll, signIn } from './seed.ts';
import { takeTour } from './tour/take-tour.ts';
import { welcome } from './welcome.ts';

const root = join(import.meta.dirname, '..', '..', '..');
const progress = createProgress();
const interrupted = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    interrupted.abort();
  });
}

try {
  const options = parseOptions(process.argv.slice(2), process.env, root);
  if (options.help) progress.say(USAGE);
  else if (options.check) await check(options);
  else await run(options);
} catch (error) {
  explain(error);
  process.exitCode = 1;
}

async function run(options: DemoOptions): Promise<void> {
  progress.say('Starting Meshfleet…');
  const fleet = await startFleet(options, root, progress);
  try {
    const { client, token } = await signIn(fleet);
    await enrolAll(fleet, client, progress);
    progress.say(welcome(fleet, token, process.cwd()));
    if (!interrupted.signal.aborted) {
      await new Promise((resolve) => {
        interrupted.signal.addEventListener('abort', resolve);
      });
    }
    progress.say('\nStopping…');
  } finally {
    await fleet.stop();
  }
}

async function check(options: DemoOptions): Promise<void> {
  progress.say('Taking the tour on throw-away data…');
  const dataDir = makeThrowAwayDir('meshfleet-demo-');
  let held = false;
  try {
    const fleet = await startFleet({ ...options, dataDir }, root, progress);
    try {
      const { client } = await signIn(fleet);
      await enrolAll(fleet, client, progress);
      await takeTour(fleet, client, progress);
      held = true;
    } finally {
      await fleet.stop();
    }
  } finally {
    // What failed stays readable, if anything has begun.
    const logs = join(dataDir, 'logs');
    if (held || !existsSync(logs)) rmSync(dataDir, { recursive: true, force: true });
    else progress.say(`Logs: ${logs}`);
  }
  progress.say('Every step held.');
}

function explain(error: unknown): void {
  if (!(error instanceof MeshfleetError)) {
    console.error(error);
    return;
  }
  console.error(`\n${error.code}: ${error.summary}`);
  if (error.why !== undefined) console.error(`  why: ${error.why}`);
  if (error.fix !== undefined) console.error(`  fix: ${error.fix}`);
}
