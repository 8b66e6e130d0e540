import type { DesiredEntry, ReportedCondition } from '@meshfleet/protocol';
import type { Unhealthy } from '../health/health-watch.ts';
import type { Applied, Outcome } from './outcome.ts';
import type { Withdrawal } from './withdraw.ts';

const FORGOTTEN =
  'Applied. What stood before in the fields that were taken of others is too large to be kept (64 KiB an object, some hundreds in all), and is not given back when the policy lets go of them. Keep a copy of it, or let the policy name fewer fields.';

/** Field managers of Argo CD and Flux, which leave fields alone that they are told of. */
const GITOPS_TOOLS = /^(argocd-controller|kustomize-controller|helm-controller)$/;
const RULES = " If that is this policy, give the tool the cluster's gitopsIgnoreRules: the field is taken again within about ten minutes, or as soon as the policy is withdrawn and pushed again.";

/** The condition that an outcome is reported as. */
export function conditionOf(entry: DesiredEntry, outcome: Outcome, at: Date): ReportedCondition {
  const base = { key: entry.key, policyId: entry.policyId, observedAt: at.toISOString() };
  if (outcome.kind === 'failed') {
    return { ...base, status: 'FAILED', reason: outcome.reason, message: outcome.message, ...optional(outcome.manager, outcome.fields) };
  }
  if (outcome.kind === 'drifted') {
    return { ...base, status: 'DRIFTED', reason: outcome.reason, message: driftMessage(outcome), ...optional(outcome.manager, outcome.fields) };
  }
  const { corrected, forgets } = outcome;
  if (corrected === undefined && forgets === true) return { ...base, status: 'CORRECTED', reason: 'FormerValuesNotKept', message: FORGOTTEN };
  if (corrected === undefined) return { ...base, status: 'APPLIED', reason: 'Applied', message: '' };
  const said = correction(corrected);
  return { ...base, status: 'CORRECTED', reason: corrected.reason, message: corrected.reason === 'Deleted' ? `T${said.slice(1)}` : said, ...optional(corrected.manager, corrected.fields) };
}

/** The condition of an object that is as its policy says, and not well. A change that was undone is told as well. */
export function conditionOfUnhealthy(entry: DesiredEntry, { reason, message }: Unhealthy, corrected: Applied['corrected'], at: Date): ReportedCondition {
  const put = corrected === undefined ? '' : ` Before, ${correction(corrected)}`;
  return { key: entry.key, policyId: entry.policyId, observedAt: at.toISOString(), status: 'UNHEALTHY', reason, message: message + put, ...optional(corrected?.manager, corrected?.fields) };
}

/** The condition that became of a tombstone. */
export function conditionOfWithdrawal(withdrawal: Withdrawal, at: Date): ReportedCondition {
  const base = { key: withdrawal.tombstone.key, policyId: withdrawal.tombstone.policyId, observedAt: at.toISOString() };
  if (withdrawal.kind === 'failed') return { ...base, status: 'FAILED', reason: withdrawal.failure.reason, message: withdrawal.failure.message };
  const said = {
    deleted: { reason: 'Deleted', message: '' },
    absent: { reason: 'Absent', message: '' },
    released: { reason: 'Released', message: 'It existed before Meshfleet took it over, so it was given back and not deleted.' },
    'not-ours': { reason: 'NotOurs', message: 'It is not marked as managed for this policy, so it was let be.' },
  }[withdrawal.kind];
  return { ...base, status: 'DELETED', ...said };
}

function driftMessage(outcome: Extract<Outcome, { kind: 'drifted' }>): string {
  const who = outcome.manager ?? 'Somebody';
  if (outcome.reason === 'Deleted') return 'The object was deleted by somebody, and the policy says to report only.';
  if (outcome.reason === 'NotApplied') return outcome.fields.length === 0 ? 'The object is missing. Meshfleet observes only, until a person resumes.' : `${listFields(outcome.fields)} differ. Meshfleet observes only, until a person resumes.`;
  if (outcome.reason === 'Contested') return `${who} keeps changing ${listFields(outcome.fields)} back. Meshfleet tries again only now and then: settle who owns it.${GITOPS_TOOLS.test(who) ? RULES : ''}`;
  return `${who} changed ${listFields(outcome.fields)}; the policy says to report only.`;
}

function correction(corrected: NonNullable<Applied['corrected']>): string {
  if (corrected.reason === 'Deleted') return 'the object was deleted by somebody; it was created again.';
  return `${corrected.manager ?? 'somebody'} changed ${listFields(corrected.fields)}; it was put back.`;
}

function listFields(fields: readonly string[]): string {
  if (fields.length === 0) return 'it';
  const shown = fields.slice(0, 3).join(', ');
  return fields.length > 3 ? `${shown} and ${String(fields.length - 3)} more` : shown;
}

function optional(manager: string | undefined, fields: readonly string[] | undefined): { manager?: string; fields?: string[] } {
  return { ...(manager === undefined ? {} : { manager }), ...(fields === undefined || fields.length === 0 ? {} : { fields: [...fields] }) };
}
