import type { KubeObject } from '@meshfleet/model';
import type { InspectResult } from '@meshfleet/protocol';

export type StatusCondition = InspectResult['conditions'][number];

interface RawCondition {
  readonly type?: unknown;
  readonly status?: unknown;
  readonly reason?: unknown;
  readonly message?: unknown;
  readonly lastTransitionTime?: unknown;
  readonly observedGeneration?: unknown;
}
interface RawStatus {
  readonly conditions?: unknown;
  readonly parents?: unknown;
  readonly ancestors?: unknown;
  readonly listeners?: unknown;
  readonly validationMessages?: unknown;
}

const MOST = 200;
const text = (value: unknown): string => (typeof value === 'string' ? value : '');
const list = <T>(value: unknown): readonly T[] => (Array.isArray(value) ? (value as T[]) : []); // members are read as unknown

/** Everything that controllers say of an object: conditions of its own, those by parent, ancestor and listener of the Gateway API, and what istiod's analysis says. */
export function statusConditions(object: KubeObject): StatusCondition[] {
  const status = (object['status'] ?? {}) as RawStatus; // members are checked one by one
  const of = (conditions: unknown, whose?: string): StatusCondition[] =>
    list<RawCondition | null>(conditions).flatMap((condition) => (condition === null ? [] : [conditionOf(condition, whose)]));
  const parents = list<{ parentRef?: Ref; controllerName?: unknown; conditions?: unknown }>(status.parents);
  const ancestors = list<{ ancestorRef?: Ref; controllerName?: unknown; conditions?: unknown }>(status.ancestors);
  const listeners = list<{ name?: unknown; conditions?: unknown }>(status.listeners);
  return [
    ...of(status.conditions),
    ...parents.flatMap(({ parentRef, conditions }) => of(conditions, nameOf(parentRef))),
    ...ancestors.flatMap(({ ancestorRef, conditions }) => of(conditions, nameOf(ancestorRef))),
    ...listeners.flatMap(({ name, conditions }) => of(conditions, `listener ${text(name)}`)),
    ...of(analysisConditions(status.validationMessages)),
  ].slice(0, MOST);
}

interface RawMessage {
  readonly type?: { readonly name?: unknown; readonly code?: unknown } | null;
  readonly level?: unknown;
  readonly documentationUrl?: unknown;
}

/** What istiod's own analysis says of the object, when it is told to write that down (`PILOT_ENABLE_ANALYSIS`): the name of each message, its code and level, and where it is explained. */
function analysisConditions(messages: unknown): RawCondition[] {
  return list<RawMessage | null>(messages).flatMap((message) => {
    if (message === null) return [];
    const said = [text(message.type?.name), text(message.documentationUrl)].filter((part) => part !== '').join(': ');
    return [{ type: 'PassedAnalysis', status: message.level === 'ERROR' ? 'False' : 'True', reason: message.type?.code, message: said }];
  });
}

interface Ref {
  readonly kind?: unknown;
  readonly namespace?: unknown;
  readonly name?: unknown;
  readonly sectionName?: unknown;
}

/** `Gateway infra/edge, section http`. */
function nameOf(ref: Ref | undefined): string {
  const kind = text(ref?.kind);
  const namespace = text(ref?.namespace);
  const section = text(ref?.sectionName);
  return `${kind === '' ? 'Gateway' : kind} ${namespace === '' ? '' : `${namespace}/`}${text(ref?.name)}${section === '' ? '' : `, section ${section}`}`;
}

function conditionOf(condition: RawCondition, whose: string | undefined): StatusCondition {
  const { observedGeneration } = condition;
  const changed = text(condition.lastTransitionTime);
  return {
    type: text(condition.type).slice(0, 316),
    status: text(condition.status).slice(0, 32),
    reason: text(condition.reason).slice(0, 1_024),
    message: text(condition.message).slice(0, 1_024),
    ...(changed === '' ? {} : { lastTransitionTime: changed.slice(0, 64) }),
    ...(typeof observedGeneration === 'number' ? { observedGeneration } : {}),
    ...(whose === undefined ? {} : { of: whose.slice(0, 1_024) }),
  };
}
