import { MeshfleetError } from '@meshfleet/model';
import { request } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RealPod } from '../node/run-pod.ts';
import type { Behaviour, CallAnswer, CallSpec, TrafficCounts, TrafficSpec } from './calls.ts';

/** Traffic that runs until it is stopped. */
export interface Traffic {
  counts(): Promise<TrafficCounts>;
  /** Ends it, waits for the answers under way, and returns the counts. */
  stop(): Promise<TrafficCounts>;
}

/** One request from inside the pod. */
export function callFrom(pod: RealPod, spec: CallSpec): Promise<CallAnswer> {
  return command<CallAnswer>(pod, '/call', spec);
}

/** Sends requests at a steady rate from inside the pod and counts the answers. */
export async function startTraffic(pod: RealPod, spec: TrafficSpec): Promise<Traffic> {
  const id = await command<string>(pod, '/start', spec);
  return { counts: () => command(pod, '/counts', {}, id), stop: () => command(pod, '/stop', {}, id) };
}

/** A given number of requests at a given rate; resolves with the counts when all are answered. */
export async function sendTraffic(pod: RealPod, spec: TrafficSpec & { readonly total: number }): Promise<TrafficCounts> {
  const traffic = await startTraffic(pod, spec);
  while ((await traffic.counts()).sent < spec.total) await sleep(50);
  return traffic.stop();
}

/** Has the application answer so from now on; probes excepted. */
export async function behave(pod: RealPod, behaviour: Behaviour): Promise<void> {
  await command(pod, '/behave', behaviour);
}

/** Requests that the application has been sent so far, copies and retries included; probes excepted. */
export function servedBy(pod: RealPod): Promise<number> {
  return command<number>(pod, '/served', {});
}

async function command<T>(pod: RealPod, path: string, body: unknown, run = ''): Promise<T> {
  const outgoing = request({ socketPath: join(pod.folder, 'control'), path, method: 'POST', headers: { 'x-run': run } });
  const answered = new Promise<{ status: number; answer: string }>((resolve, reject) => {
    outgoing.on('response', (response) => {
      text(response).then((answer) => {
        resolve({ status: response.statusCode ?? 0, answer });
      }, reject);
    });
    outgoing.on('error', reject);
  });
  outgoing.end(JSON.stringify(body));
  const { status, answer } = await answered.catch((cause: unknown) => {
    throw new MeshfleetError({ code: 'PRECONDITION_FAILED', summary: `${pod.name} takes no commands`, why: String(cause), fix: 'Wait until the pod is ready; it must run our own application.' }, { cause });
  });
  if (status !== 200) throw new MeshfleetError({ code: 'INTERNAL', summary: `${pod.name} failed at ${path}`, why: answer });
  return JSON.parse(answer) as T; // app.ts is the other end
}
