import { parentPort } from 'node:worker_threads';
import { readManifests } from './read-manifests.ts';
import type { ReadAnswer, ReadOrder } from './manifest-reader.ts';

// A thread of its own, bundled beside the process that starts it: reads one text after another.
parentPort?.on('message', ({ text, defaultNamespace }: ReadOrder) => {
  let answer: ReadAnswer;
  try {
    answer = { read: readManifests(text, defaultNamespace) };
  } catch (error) {
    answer = { fault: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
  parentPort?.postMessage(answer);
});
