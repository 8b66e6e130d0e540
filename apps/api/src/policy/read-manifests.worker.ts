import { parentPort } from 'node:worker_threads';
import { readManifests, type ManifestOrder } from './read-manifests.ts';
import type { ReadAnswer } from './manifest-reader.ts';

// A thread of its own, bundled beside the process that starts it: reads one text after another.
parentPort?.on('message', (order: ManifestOrder) => {
  let answer: ReadAnswer;
  try {
    answer = { read: readManifests(order) };
  } catch (error) {
    answer = { fault: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
  parentPort?.postMessage(answer);
});
