import { applyConflict, type StatusError } from '../server/status-error.ts';
import type { Manager } from './managed-fields.ts';
import { formatPath, type Path } from './path-element.ts';

export interface Conflict {
  readonly manager: Manager;
  readonly path: Path;
}

/** The 409 of server-side apply: one cause of type FieldManagerConflict per field. */
export function conflictError(conflicts: readonly Conflict[]): StatusError {
  const causes = conflicts.map(({ manager, path }) => ({
    reason: 'FieldManagerConflict',
    message: `conflict with ${describeManager(manager)}`,
    field: formatPath(path),
  }));
  return applyConflict(conflictMessage(conflicts), causes);
}

function conflictMessage(conflicts: readonly Conflict[]): string {
  const [first] = conflicts;
  if (conflicts.length === 1 && first !== undefined) {
    return `Apply failed with 1 conflict: conflict with ${describeManager(first.manager)}: ${formatPath(first.path)}`;
  }
  const sorted = conflicts.toSorted((a, b) => compareText(identity(a.manager), identity(b.manager)));
  const byManager = Map.groupBy(sorted, ({ manager }) => describeManager(manager));
  const lines = [...byManager].flatMap(([manager, fields]) => [`conflicts with ${manager}:`, ...fields.map(({ path }) => `- ${formatPath(path)}`)]);
  return `Apply failed with ${conflicts.length} conflicts: ${lines.join('\n')}`;
}

/** Managers are listed in the order of their identities' JSON. */
function identity({ name, operation, apiVersion, subresource }: Manager): string {
  return JSON.stringify({ manager: name, operation, ...(operation === 'Update' ? { apiVersion } : {}), ...(subresource === '' ? {} : { subresource }) });
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The identity that kube-apiserver prints carries no time, so none is shown. */
function describeManager(manager: Manager): string {
  const name = JSON.stringify(manager.name);
  const subject = manager.subresource === '' ? name : `${name} with subresource ${JSON.stringify(manager.subresource)}`;
  return manager.operation === 'Update' ? `${subject} using ${manager.apiVersion}` : subject;
}
