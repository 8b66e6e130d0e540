import { setTimeout } from 'node:timers/promises';
import { APPLY, JSON_PATCH, MERGE, STRATEGIC, type Answer, type Client } from '../client.ts';
import { comparable, firstDifference } from './normalise.ts';
import type { Fields } from './kinds.ts';
import { isFields, type Sequence, type Step } from './sequence.ts';

export interface Server {
  readonly client: Client;
  readonly namespace: string;
}

export interface Difference {
  readonly seed: number;
  readonly kind: string;
  readonly index: number;
  readonly step: Step;
  /** `path: real ≠ simulated`. */
  readonly what: string;
  readonly answers: readonly [unknown, unknown];
}

interface Hand {
  readonly server: Server;
  /** What the server holds now, as far as it has been read. */
  live: Fields | undefined;
  firstVersion: string | undefined;
}

const TYPES = { merge: MERGE, json: JSON_PATCH, strategic: STRATEGIC } as const;

/** Sends a sequence to both servers and answers where they first differ, in an answer or in what they hold afterwards. */
export async function runSequence(sequence: Sequence, real: Server, simulated: Server): Promise<Difference | undefined> {
  const name = `x${sequence.seed}`;
  const hands: [Hand, Hand] = [{ server: real, live: undefined, firstVersion: undefined }, { server: simulated, live: undefined, firstVersion: undefined }];
  try {
    for (const [index, step] of sequence.steps.entries()) {
      const before = hands.map((hand) => versionOf(hand.live));
      const answers = await Promise.all(hands.map((hand) => send(hand, sequence, step, name)));
      const [left, right] = answers.map((answer, side) => comparable(answer, hands[side]?.server.namespace ?? '', before[side]));
      const what = verdict(answers) ?? firstDifference(left, right);
      if (what !== undefined) return { seed: sequence.seed, kind: sequence.kind.kind, index, step, what, answers: [left, right] };
      const held = await Promise.all(hands.map((hand) => settled(hand.server.client, `${sequence.kind.path(hand.server.namespace)}/${name}`, sequence.kind.controlled === true)));
      const [leftHeld, rightHeld] = held.map((answer, side) => comparable(answer, hands[side]?.server.namespace ?? '', before[side]));
      const whatHeld = firstDifference(leftHeld, rightHeld);
      if (whatHeld !== undefined) return { seed: sequence.seed, kind: sequence.kind.kind, index, step, what: `afterwards ${whatHeld}`, answers: [leftHeld, rightHeld] };
      hands.forEach((hand, side) => remember(hand, held[side]));
    }
    return undefined;
  } finally {
    await Promise.all(hands.map((hand) => discard(hand, sequence, name)));
  }
}

const PATIENCE_MS = 10_000;
const LOOK_MS = 50;

/** What is held once its controller has come round, where it has one: it writes annotations and takes ownership, sooner on one server than on the other. */
async function settled(client: Client, path: string, controlled: boolean): Promise<Answer> {
  const until = Date.now() + PATIENCE_MS;
  for (;;) {
    const answer = await client.get(path);
    if (!controlled || answer.status !== 200 || cameRound(answer.body) || Date.now() > until) return answer;
    await setTimeout(LOOK_MS);
  }
}

function cameRound(body: unknown): boolean {
  if (!isFields(body) || !isFields(body['metadata']) || !isFields(body['status'])) return false;
  return body['status']['observedGeneration'] === body['metadata']['generation'];
}

/** Another status is told with both servers' words. */
function verdict(answers: readonly Answer[]): string | undefined {
  const [left, right] = answers;
  if (left === undefined || right === undefined || left.status === right.status) return undefined;
  const words = ({ status, body }: Answer): string => (isFields(body) && body['kind'] === 'Status' ? `${status} ${String(body['message'])}` : String(status));
  return `${words(left)} ≠ ${words(right)}`;
}

function remember(hand: Hand, answer: Answer | undefined): void {
  hand.live = answer?.status === 200 && isFields(answer.body) ? answer.body : undefined;
  hand.firstVersion ??= versionOf(hand.live);
}

function versionOf(object: Fields | undefined): string | undefined {
  const metadata = object?.['metadata'];
  return isFields(metadata) ? String(metadata['resourceVersion']) : undefined;
}

function send(hand: Hand, { kind, steps }: Sequence, given: Step, name: string): Promise<Answer> {
  const { client, namespace } = hand.server;
  const step = kind.controlled === true && given !== steps[0] ? dryRun(given) : given;
  const collection = kind.path(namespace);
  const path = `${collection}/${name}`;
  const named = (body: Fields): Fields => ({ ...body, metadata: { ...(body['metadata'] as Fields), name } });
  switch (step.verb) {
    case 'create':
      return client.post(`${collection}?${step.query}`, named(step.body));
    case 'apply':
      return client.patch(`${path}${step.subresource}?${step.query}`, APPLY, named(step.body));
    case 'update':
      return client.put(`${path}${step.subresource}?${step.query}`, updated(hand, step, named));
    case 'patch':
      return client.patch(`${path}${step.subresource}?${step.query}`, TYPES[step.type], step.body);
    case 'delete':
      return client.delete(`${path}?${step.query}`, step.body);
  }
}

/** The same write, without an effect and without a say about versions. */
function dryRun(step: Step): Step {
  if (step.verb === 'delete') return { ...step, body: { dryRun: ['All'] } };
  const query = `${step.query}&dryRun=All`;
  return step.verb === 'update' ? { ...step, query, version: 'none' } : { ...step, query };
}

/** The live object with the step's fields in place of its own. */
function updated(hand: Hand, step: Step & { verb: 'update' }, named: (body: Fields) => Fields): Fields {
  const live = hand.live ?? {};
  const metadata: Fields = { ...(live['metadata'] as Fields | undefined), ...(step.replace['metadata'] as Fields | undefined) };
  if (step.version === 'none') delete metadata['resourceVersion'];
  if (step.version === 'first' && hand.firstVersion !== undefined) metadata['resourceVersion'] = hand.firstVersion;
  return named({ ...live, ...step.replace, metadata });
}

async function discard(hand: Hand, { kind }: Sequence, name: string): Promise<void> {
  const path = `${kind.path(hand.server.namespace)}/${name}`;
  await hand.server.client.patch(path, MERGE, { metadata: { finalizers: null } });
  await hand.server.client.delete(path);
}
