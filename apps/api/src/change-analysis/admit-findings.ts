import { MeshfleetError, type ErrorEnvelope, type ErrorWhere, type Finding } from '@meshfleet/model';
import { includesRole, type Role } from '../auth/principal.ts';
import { InputProblems } from '../graphql/user-error.ts';
import { namesOf } from '../policy/gather-problems.ts';
import type { ForceInput } from './force-input.ts';
import type { GatheredError, Verdict } from './judge-fleet.ts';

/** More than this nobody reads; the rest comes when these are mended. */
const MOST_SHOWN = 50;

/** Where a finding stands in the input, as far as it can be told. */
export type WhereIs = (finding: Finding) => ErrorWhere;

/** How far a change was analysed, as GraphQL's type ChangeAnalysis. */
export type ChangeAnalysis = Pick<Verdict, 'clusters' | 'reported' | 'analysed'>;

export interface AdmittedFindings {
  readonly analysis: ChangeAnalysis | null;
  readonly warnings: readonly ErrorEnvelope[];
  /** What the audit event says of errors that were ignored; nothing when there were none. */
  readonly audit: Readonly<Record<string, number | string | readonly string[]>>;
}

/**
 * Whether a change may be made with what the analysis says of it: an error that it would bring refuses it, unless somebody who
 * may has said that it is to be ignored. In place of a verdict may stand why there is none: who says `force` does without. Null:
 * there was nothing to judge.
 * @throws InputProblems FINDING_INTRODUCED for each error, MeshfleetError FORBIDDEN
 */
export function admitFindings(role: Role, given: ForceInput, verdict: Verdict | MeshfleetError | null, whereIs: WhereIs): AdmittedFindings {
  if ((given.force || given.ignoreFindings.length > 0) && !includesRole(role, 'ADMIN')) throw forbidden(given.force ? 'force' : 'ignoreFindings');
  if (verdict === null) return { analysis: null, warnings: [], audit: {} };
  if (verdict instanceof MeshfleetError) {
    if (!given.force) throw verdict;
    return { analysis: null, warnings: [doneWithout(verdict)], audit: { ignoredFindings: ['not analysed'], notAnalysed: whyOf(verdict) } };
  }
  const refused = verdict.errors.filter((error) => !isIgnored(given, error));
  if (refused.length > 0) throw new InputProblems(refusalsOf(refused, whereIs));
  const { clusters, reported, analysed } = verdict;
  const ignored = verdict.errors.filter((error) => isIgnored(given, error));
  return {
    analysis: { clusters, reported, analysed },
    warnings: [...ignored.slice(0, MOST_SHOWN).map((error) => problemOf(error, whereIs)), ...(analysed < reported ? [sampled(verdict)] : [])],
    audit: ignored.length === 0 ? {} : { ignoredFindings: ignored.slice(0, MOST_SHOWN).map(({ finding }) => `${finding.code} ${finding.object}`), ignoredErrors: ignored.length },
  };
}

function doneWithout({ code, summary, why }: MeshfleetError): ErrorEnvelope {
  return { code, summary: `${summary}, and is made all the same`, ...(why === undefined ? {} : { why }), fix: 'Look at the findings of its clusters once they hold it.' };
}

const LONGEST_WHY = 200;

/** What kept the analysis from an answer, in a line: of what broke it the first words, the rest is in the log. */
function whyOf({ cause, why, summary }: MeshfleetError): string {
  const said = cause instanceof MeshfleetError ? (cause.why ?? cause.summary) : cause === undefined ? (why ?? summary) : String(cause);
  return (said.split('\n', 1)[0] ?? '').slice(0, LONGEST_WHY);
}

/** Whether somebody has said that such an error is no reason to refuse the change. */
export function isIgnored({ force, ignoreFindings }: ForceInput, { finding }: GatheredError): boolean {
  return force || ignoreFindings.includes(finding.code);
}

/** Errors as what refuses a change, each with the clusters that would have it. */
export function refusalsOf(errors: readonly GatheredError[], whereIs: WhereIs): ErrorEnvelope[] {
  // What a preset writes has no lines: two of its routes with one fault would be refused twice in the same words.
  const told = new Map(errors.map((error) => problemOf(error, whereIs)).map((problem) => [JSON.stringify(problem), problem]));
  const shown = [...told.values()].slice(0, MOST_SHOWN);
  if (told.size > shown.length) {
    shown.push({ code: 'FINDING_INTRODUCED', summary: `There are ${told.size - shown.length} more errors like these`, fix: 'Mend these first; policyPreview shows all of them by cluster.' });
  }
  return shown;
}

function problemOf({ finding, clusters }: GatheredError, whereIs: WhereIs): ErrorEnvelope {
  const { code, name, message, why, fix, object } = finding;
  return {
    code: 'FINDING_INTRODUCED',
    summary: `${code} ${name} of ${object}: ${message.replace(/\.$/, '')} (in ${namesOf(clusters)})`,
    why,
    fix,
    where: { ...whereIs(finding), object, finding: code, clusters },
  };
}

function sampled({ analysed, reported }: Verdict): ErrorEnvelope {
  return {
    code: 'PARTLY_ANALYSED',
    summary: `The change was analysed in ${analysed} of the ${reported} clusters that have reported what is in them`,
    why: 'these are some of each mesh and region; more, or very large ones, take longer and more memory than a change may have',
    fix: 'Look at others with policyPreview, or give a rollout: its gate findings looks at each cluster.',
  };
}

function forbidden(field: 'force' | 'ignoreFindings'): MeshfleetError {
  return new MeshfleetError({
    code: 'FORBIDDEN',
    summary: 'Only administrators make a change in spite of the errors that it would bring',
    why: 'you do not hold the role ADMIN or OWNER',
    fix: 'Mend what the analysis finds, or ask an administrator.',
    where: { field: ['input', field] },
  });
}
