import { isRecord } from '../apply/json-equal.ts';
import type { DeleteOptions } from '../seam.ts';
import { badRequest, invalid } from './status-error.ts';
import { isDryRun } from './write-context.ts';

export interface DeleteRequest {
  readonly options: DeleteOptions;
  readonly dryRun: boolean;
  /** True when the client asked to wait for its dependents: an object that lives on is then answered with 202. */
  readonly accepted: boolean;
}

/** DeleteOptions out of the body, or out of the query where there is no body: with a body, the query counts for nothing. */
export function readDeleteOptions(body: unknown, parameters: URLSearchParams): DeleteRequest {
  const query = body === undefined ? parameters : new URLSearchParams();
  if (body !== undefined && !isRecord(body)) throw badRequest('the body is not DeleteOptions');
  const options = body ?? {};
  const preconditions = isRecord(options['preconditions']) ? options['preconditions'] : {};
  const policy = text(options['propagationPolicy']) ?? query.get('propagationPolicy') ?? undefined;
  const orphan = typeof options['orphanDependents'] === 'boolean' ? options['orphanDependents'] : boolean(query.get('orphanDependents'));
  const grace = typeof options['gracePeriodSeconds'] === 'number' ? options['gracePeriodSeconds'] : number(query.get('gracePeriodSeconds'));
  const dryRuns = Array.isArray(options['dryRun']) ? options['dryRun'].map(String) : query.getAll('dryRun');
  if (policy !== undefined && orphan !== undefined) {
    throw refuse('propagationPolicy', `Invalid value: ${JSON.stringify(policy)}: orphanDependents and deletionPropagation cannot be both set`);
  }
  const propagationPolicy = checkedPolicy(policy ?? (orphan === undefined ? undefined : orphan ? 'Orphan' : 'Background'));
  const uid = text(preconditions['uid']);
  const resourceVersion = text(preconditions['resourceVersion']);
  return {
    options: {
      ...(propagationPolicy === undefined ? {} : { propagationPolicy }),
      ...(grace === undefined ? {} : { gracePeriodSeconds: grace }),
      ...(uid === undefined ? {} : { uid }),
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
    },
    dryRun: isDryRun(dryRuns, 'DeleteOptions'),
    accepted: propagationPolicy === 'Foreground' || orphan === false,
  };
}

function checkedPolicy(policy: string | undefined): DeleteOptions['propagationPolicy'] {
  if (policy === undefined || policy === 'Foreground' || policy === 'Background' || policy === 'Orphan') return policy;
  throw refuse('propagationPolicy', `Unsupported value: ${JSON.stringify(policy)}: supported values: "Foreground", "Background", "Orphan", "nil"`);
}

function refuse(field: string, message: string) {
  return invalid({ group: '', kind: 'DeleteOptions' }, '', [{ reason: 'FieldValueInvalid', message, field }]);
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function number(value: string | null): number | undefined {
  return value === null || !/^-?\d+$/.test(value) ? undefined : Number(value);
}

function boolean(value: string | null): boolean | undefined {
  return value === null ? undefined : value !== 'false' && value !== '0';
}
