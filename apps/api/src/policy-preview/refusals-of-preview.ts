import { MeshfleetError, type ErrorEnvelope } from '@meshfleet/model';
import { isIgnored, refusalsOf } from '../change-analysis/admit-findings.ts';
import { judgeFleet, tryToJudge } from '../change-analysis/judge-fleet.ts';
import type { RequestScope } from '../request/request-scope.ts';
import { obstaclesOf } from '../rollout/stage-change.ts';
import type { PreviewedChange } from './previewed-change.ts';

/**
 * All for which the change would be refused as things stand, in the order in which the mutation looks at them: it tells another
 * version alone, else errors alone, else all that is in the way. Who asks may be another than who makes the change, so nobody's role is looked at.
 */
export async function refusalsOfPreview(scope: RequestScope, change: PreviewedChange, now: Date): Promise<ErrorEnvelope[]> {
  const { idle, conflict, stage } = change;
  const first = conflict === undefined ? [] : [conflict.toEnvelope()];
  if (idle) return first;
  const found = await findingsInWay(scope, change, now);
  const obstacles = await obstaclesOf(await scope.read(), stage, now);
  return [...first, ...found, ...obstacles.map((error) => error.toEnvelope())];
}

async function findingsInWay(scope: RequestScope, { plan, whereIs, force }: PreviewedChange, now: Date): Promise<ErrorEnvelope[]> {
  if (force.force) return [];
  const { placement, policyName, existingId } = plan;
  const verdict = await tryToJudge(scope, judgeFleet(scope, { placement, subject: { policyName, policyId: existingId }, plan: () => plan }, now));
  if (verdict instanceof MeshfleetError) return [verdict.toEnvelope()];
  return refusalsOf(verdict.errors.filter((error) => !isIgnored(force, error)), whereIs);
}
