import { callFrom, type RealPod, type TrafficCounts } from '@meshfleet/cluster-real';
import { send } from './measure.ts';
import type { Stage } from './stage.ts';

const PROBES = 60;

/** What a caller says of a request to the service `echo`. */
export interface Question {
  readonly path?: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** The code that one call of a pod is answered with; undefined where it is not. */
export async function answers({ echo }: Stage, pod: RealPod, { path = '/', ...rest }: Question = {}): Promise<number | undefined> {
  return (await callFrom(pod, { url: `${echo}${path}`, ...rest })).code;
}

export function probe({ echo }: Stage, pod: RealPod, { path = '/', ...rest }: Question = {}): Promise<TrafficCounts> {
  return send(pod, { url: `${echo}${path}`, ...rest, total: PROBES, perSecond: 100 });
}

/** Each call over a connection of its own, so that what is decided for connections is decided for every one. */
export function probeAnew(stage: Stage, pod: RealPod, question: Question = {}): Promise<TrafficCounts> {
  return probe(stage, pod, { ...question, headers: { ...question.headers, connection: 'close' } });
}
