import type { KubeObject } from '@meshfleet/model';
import { parseApiVersion } from '@meshfleet/model';
import type { StatusCondition } from './status-conditions.ts';
import { statusConditions } from './status-conditions.ts';

/** What an object's own status says of it. PENDING: its controller has yet to say, or is still at work. */
export type HealthVerdict = { readonly state: 'HEALTHY' } | { readonly state: 'PENDING' | 'UNHEALTHY'; readonly reason: string; readonly message: string };

interface HealthRule {
  /** Conditions that must not be False. */
  readonly wanted: readonly string[];
  /** Of those, the ones that are False while things are being brought up. */
  readonly slow?: readonly string[];
  /** Conditions that must not be True. */
  readonly unwanted?: readonly string[];
}

/**
 * By API group, what controllers say of their objects: GEP-1364 of the Gateway API; `meta/v1alpha1` status of Istio (Reconciled since 1.6, the
 * others with ambient); Sail Operator's API types; Linkerd's policy controller, which speaks as the Gateway API does; `apps/v1` of Kubernetes.
 */
const RULES: ReadonlyMap<string, HealthRule> = new Map([
  ['gateway.networking.k8s.io', { wanted: ['Accepted', 'ResolvedRefs', 'Programmed'], slow: ['Programmed'], unwanted: ['Conflicted', 'PartiallyInvalid'] }],
  ['gateway.networking.x-k8s.io', { wanted: ['Accepted', 'ResolvedRefs', 'Programmed'], slow: ['Programmed'], unwanted: ['Conflicted', 'PartiallyInvalid'] }],
  ['sailoperator.io', { wanted: ['Reconciled', 'Ready', 'DependenciesHealthy'], slow: ['Ready', 'DependenciesHealthy'] }],
  ['policy.linkerd.io', { wanted: ['Accepted', 'ResolvedRefs'] }],
  ['workload.linkerd.io', { wanted: ['Ready'], slow: ['Ready'] }],
  ['apps', { wanted: ['Progressing'], unwanted: ['ReplicaFailure'] }],
]);
const ISTIO: HealthRule = { wanted: ['Reconciled', 'PassedValidation', 'PassedAnalysis', 'Accepted', 'WaypointAccepted', 'ZtunnelAccepted', 'istio.io/WaypointBound'], slow: ['Reconciled'] };

const HEALTHY: HealthVerdict = { state: 'HEALTHY' };

/** Judges an object by what its status says. A status of an older generation says nothing, and an object without one is not to blame. */
export function judgeHealth(object: KubeObject): HealthVerdict {
  const { group } = parseApiVersion(object.apiVersion);
  const rule = RULES.get(group) ?? (group.endsWith('.istio.io') ? ISTIO : undefined);
  if (rule === undefined) return HEALTHY;
  const current = statusConditions(object).filter((condition) => isCurrent(condition, object));
  const bad = current.filter(({ type, status }) => (status === 'False' && rule.wanted.includes(type)) || (status === 'True' && rule.unwanted?.includes(type) === true));
  const failing = bad.filter(({ type }) => rule.slow?.includes(type) !== true).map(describe);
  if (failing.length > 0) return verdict('UNHEALTHY', failing);
  const slow = [...bad, ...current.filter(({ type, status }) => status === 'Unknown' && rule.wanted.includes(type))].map(describe);
  return slow.length > 0 ? verdict('PENDING', slow) : HEALTHY;
}

interface Problem {
  readonly reason: string;
  readonly message: string;
}

function verdict(state: 'PENDING' | 'UNHEALTHY', problems: readonly Problem[]): HealthVerdict {
  const [first] = problems;
  const more = problems.length > 1 ? ` (and ${String(problems.length - 1)} more)` : '';
  return { state, reason: first?.reason ?? 'Unknown', message: `${first?.message ?? ''}${more}` };
}

function describe({ type, status, reason, message, of }: StatusCondition): Problem {
  const name = reason === '' ? type : reason;
  const whose = of === undefined ? '' : `${of}: `;
  return { reason: name.slice(0, 128), message: `${whose}${type} is ${status}${reason === '' ? '' : ` (${reason})`}${message === '' ? '.' : `: ${message}`}` };
}

/** Conditions of the Gateway API say of which generation they speak; Istio's say so once, for the whole status, as a number or as text. */
function isCurrent({ observedGeneration }: StatusCondition, object: KubeObject): boolean {
  const whole = Number((object['status'] as { observedGeneration?: unknown } | undefined)?.observedGeneration ?? Number.NaN); // a status is an object
  const spokenOf = observedGeneration ?? (Number.isNaN(whole) ? undefined : whole);
  return spokenOf === undefined || spokenOf === 0 || object.metadata.generation === undefined || spokenOf >= object.metadata.generation;
}
