import type { PlacementDecision } from '../placement/placement.ts';

/** The stations between what a policy says of an object and what the mesh does with it, in the order they are passed. */
export const OBJECT_STEPS = ['WANTED', 'PLACED', 'ROLLED_OUT', 'HELD', 'COMPILED', 'DELIVERED', 'APPLIED', 'KEPT', 'ACCEPTED', 'SOUND'] as const;
export type ObjectStep = (typeof OBJECT_STEPS)[number];

/** PASSED; WAITING for something that comes by itself; BLOCKED until somebody does something; UNKNOWN behind a station that is not passed. */
export type StepState = 'PASSED' | 'WAITING' | 'BLOCKED' | 'UNKNOWN';

export interface StepVerdict {
  readonly step: ObjectStep;
  readonly state: StepState;
  /** One sentence: what is so, or what stands in the way. */
  readonly summary: string;
  /** What to do about it; null where nothing is to be done. */
  readonly fix: string | null;
  /** Where programs are to tell it from others. */
  readonly code?: 'AGENT_OFFLINE';
}

/** Everything that the hub knows of one object of one cluster. */
export interface ObjectSituation {
  /** The policy that names the object, with the version that the cluster is assigned; null when no policy does. `endedAt` (ISO 8601): it names it only until then, and that is over. */
  readonly policy: { readonly name: string; readonly currentVersion: number; readonly assignedVersion: number | null; readonly endedAt: string | null; readonly placement: PlacementDecision } | null;
  /** The rollout that has yet to bring the current version here, and why it stands where it stands. */
  readonly rollout: { readonly status: string; readonly why: string; readonly waits: boolean } | null;
  /** The policy that holds the object instead, because it is older. */
  readonly heldBy: string | null;
  readonly mode: 'ENFORCE' | 'OBSERVE';
  readonly cluster: { readonly lifecycle: 'PENDING_APPROVAL' | 'ACTIVE' | 'QUARANTINED' | 'EVICTED'; readonly online: boolean; /** When its agent was heard of last; ISO 8601. */ readonly lastSeenAt: string | null };
  /** Revision that carries the object as it is wanted; null while none does. */
  readonly revision: number | null;
  readonly acknowledgedRevision: number;
  readonly condition: { readonly status: 'FAILED' | 'DRIFTED' | 'CORRECTED' | 'UNHEALTHY'; readonly reason: string; readonly message: string; readonly manager: string | null } | null;
  /** The object as its API server has it now, if somebody has just looked: newer than any report. */
  readonly live: LiveSituation | null;
  /** Findings of severity ERROR about the object. */
  readonly errors: readonly { readonly message: string; readonly fix: string }[];
}

export interface LiveSituation {
  readonly found: boolean;
  /** Managers that wrote the object after we applied it last, whatever they wrote. */
  readonly changedSince: readonly string[];
  readonly conditions: readonly { readonly type: string; readonly status: string; readonly message: string }[];
  /** What these come to, as the agent judges them; null where it does not say. */
  readonly health: { readonly state: 'HEALTHY' | 'PENDING' | 'UNHEALTHY'; readonly reason: string; readonly message: string } | null;
}

/** Walks the stations of an object; behind the first that is not passed nothing is known. */
export function wayOfObject(situation: ObjectSituation): readonly StepVerdict[] {
  const way: StepVerdict[] = [];
  let open = true;
  for (const step of OBJECT_STEPS) {
    if (!open) {
      way.push({ step, state: 'UNKNOWN', summary: 'What comes before is not done.', fix: null });
      continue;
    }
    const verdict = STATIONS[step](situation);
    open = verdict.state === 'PASSED';
    way.push({ step, ...verdict });
  }
  return way;
}

/** The station that an object has not passed; undefined when it has passed all. */
export function nextStep(way: readonly StepVerdict[]): StepVerdict | undefined {
  return way.find(({ state }) => state === 'WAITING' || state === 'BLOCKED');
}

type Verdict = Omit<StepVerdict, 'step'>;
const passed = (summary: string): Verdict => ({ state: 'PASSED', summary, fix: null });
const waiting = (summary: string, fix: string | null = null): Verdict => ({ state: 'WAITING', summary, fix });
const blocked = (summary: string, fix: string): Verdict => ({ state: 'BLOCKED', summary, fix });

const STATIONS: Readonly<Record<ObjectStep, (situation: ObjectSituation) => Verdict>> = {
  WANTED: ({ policy }) => {
    if (policy === null) return blocked('No policy names this object.', 'Nothing of ours wants it: somebody else keeps it, or it is left over. Apply a policy that names it to manage it.');
    if (policy.endedAt !== null) return blocked(`It ended at ${policy.endedAt}, as version ${policy.assignedVersion ?? policy.currentVersion} of the policy ${policy.name} says.`, 'Nothing, if that was meant. To have it again, apply a version with a later meshfleet.io/expires-at.');
    return passed(`The policy ${policy.name} names it.`);
  },

  PLACED: ({ policy, cluster }) => {
    if (cluster.lifecycle === 'EVICTED') return blocked('The cluster was evicted.', 'Enrol it again with a new join token.');
    if (cluster.lifecycle === 'PENDING_APPROVAL') return blocked('The cluster waits for approval.', 'Approve it (clusterApprove).');
    if (policy === null || policy.placement.selected) return passed(`The placement selects the cluster: ${policy?.placement.because ?? ''}.`);
    return blocked(`The placement does not select the cluster: ${policy.placement.because}.`, 'Change the placement of the policy, or the labels of the cluster.');
  },

  ROLLED_OUT: ({ policy, rollout }) => {
    if (rollout !== null) {
      const summary = `A rollout has yet to bring version ${policy?.currentVersion} here (${rollout.status}): ${rollout.why}`;
      return rollout.waits ? waiting(summary) : blocked(summary, 'Look at the rollout: resume, promote, approve or abort it.');
    }
    if (policy?.assignedVersion == null) return waiting('The cluster has not been assigned the policy yet.');
    const { assignedVersion: assigned, currentVersion: current } = policy;
    const left = assigned === current ? '' : ` Version ${current} was asked for and is not on its way here: it was taken back, or its rollout was aborted.`;
    return passed(`The cluster is assigned version ${assigned}.${left}`);
  },

  HELD: ({ heldBy }) =>
    heldBy === null
      ? passed('No other policy claims it.')
      : blocked(`The older policy ${heldBy} holds the object.`, 'Take it out of one of the two policies: of two that name an object in one cluster the older has it.'),

  COMPILED: ({ revision, condition }) => {
    if (condition?.reason === 'RenderFailed') return blocked(condition.message, 'Give the cluster what the variables and patches ask for, or change the policy.');
    if (condition?.reason === 'AgentTooOld') return blocked(condition.message, 'Install the agent that belongs to this hub in the cluster.');
    return revision === null ? waiting('No desired state carries it yet.') : passed(`Revision ${revision} carries it.`);
  },

  DELIVERED: ({ cluster, mode, revision, acknowledgedRevision, condition }) => {
    if (revision !== null && acknowledgedRevision >= revision) return passed(`The agent has acknowledged revision ${acknowledgedRevision}.`);
    if (cluster.lifecycle === 'QUARANTINED') return blocked('The cluster is in quarantine: nothing is delivered.', 'Release it (clusterRelease).');
    if (!cluster.online) return offline(cluster.lastSeenAt, 'It has yet to hear of this.');
    if (condition?.status === 'FAILED') return blocked(condition.message, 'Mend what the reason says; the agent tries again by itself.');
    if (mode === 'OBSERVE') return blocked('The organization is in OBSERVE mode: agents report and change nothing.', 'Look at the differences, then organizationResume.');
    return waiting(`The agent has acknowledged revision ${acknowledgedRevision}, not yet ${revision}.`);
  },

  APPLIED: ({ condition, live }) => {
    if (condition?.status === 'FAILED') return blocked(`${condition.reason}: ${condition.message}${by(condition.manager)}`, 'Mend what the reason says; the agent tries again by itself.');
    if (live?.found === false) return waiting('It is not in the cluster now, whatever the agent has reported.', 'The agent puts it back by itself, unless the policy only reports drift. See who deletes it.');
    return passed('The agent applied it.');
  },

  KEPT: ({ condition, cluster, live }) => {
    if (cluster.lifecycle === 'ACTIVE' && !cluster.online) return offline(cluster.lastSeenAt, 'What has become of the object since, nobody knows.');
    if (condition?.status === 'DRIFTED') {
      if (live?.changedSince.length === 0) return passed('It was changed, and has been applied again since.');
      return blocked(`${condition.reason}: ${condition.message}${by(condition.manager)}`, 'Stop the other writer, let the policy correct drift, or take the difference over into the policy.');
    }
    if (condition?.status === 'CORRECTED') return passed(`It was changed and put right${by(condition.manager)}.`);
    const since = live?.changedSince ?? [];
    return passed(since.length === 0 ? 'It is as it was applied.' : `It has been written since by ${since.join(', ')}, in nothing that the agent reports as different.`);
  },

  ACCEPTED: ({ condition, live }) => {
    const said = live === null ? null : (live.health ?? heardIn(live.conditions));
    if (said?.state === 'UNHEALTHY') return blocked(`${said.reason}: ${said.message}`, UNCARRIED);
    if (condition?.status === 'UNHEALTHY' && said?.state !== 'HEALTHY') return blocked(`${condition.reason}: ${condition.message}`, UNCARRIED);
    if (said?.state === 'PENDING') return waiting(`${said.reason}: ${said.message}`);
    if (condition?.status === 'UNHEALTHY') return passed('Whoever had something against it has nothing any more.');
    return passed(live?.conditions.length === 0 ? 'Nobody in the cluster says anything about it: objects of its kind get no status, or nobody carries them out.' : 'Nobody in the cluster has anything against it.');
  },

  SOUND: ({ errors }) => {
    const [first] = errors;
    return first === undefined ? passed('The analysis has found no error about it.') : blocked(first.message, first.fix);
  },
};

/** Conditions by which those who carry objects out say at once that they cannot. */
const ACCEPTANCE: readonly string[] = ['Accepted', 'ResolvedRefs', 'PassedValidation', 'PassedAnalysis', 'Reconciled', 'WaypointAccepted', 'ZtunnelAccepted'];

/** Of agents that do not judge what they see. */
function heardIn(conditions: LiveSituation['conditions']): NonNullable<LiveSituation['health']> {
  const refused = conditions.find(({ type, status }) => ACCEPTANCE.includes(type) && status === 'False');
  return refused === undefined ? { state: 'HEALTHY', reason: '', message: '' } : { state: 'UNHEALTHY', reason: refused.type, message: refused.message };
}

const UNCARRIED = 'The object is in place, and whoever carries it out says that it cannot: mend what it names.';

function offline(lastSeenAt: string | null, what: string): Verdict {
  const since = lastSeenAt === null ? 'has never been heard of' : `was heard of last at ${lastSeenAt}`;
  return { ...blocked(`The agent is not connected: it ${since}. ${what}`, 'See whether the cluster and its agent run, and whether they reach the hub. It catches up by itself then.'), code: 'AGENT_OFFLINE' };
}

const by = (manager: string | null): string => (manager === null ? '' : ` (by ${manager})`);
