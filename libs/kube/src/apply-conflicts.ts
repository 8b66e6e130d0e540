import { KubeError } from './kube-error.ts';

/** A field that another manager owns, as a refused server-side apply names it. */
export interface FieldConflict {
  readonly manager: string;
  /** Path in the API server's notation: `.spec.http[name="a"].timeout`. */
  readonly field: string;
  /** apiVersion and time when the manager wrote by other means than apply. */
  readonly detail?: string;
}

// Kubernetes words it `conflict with "kubectl-edit" using networking.istio.io/v1 at 2026-01-02T03:04:05Z`, with ` with subresource "status"` in between
// when there is one (apimachinery, managedfields/internal/conflict.go).
const CONFLICT = /^conflict with "((?:[^"\\]|\\.)*)"(?: with subresource "[^"]*")?(?: using (.*))?$/;

/** Fields and managers of a 409 by server-side apply; empty when the error is anything else. */
export function conflictsOf(error: unknown): FieldConflict[] {
  if (!(error instanceof KubeError) || error.status !== 409) return [];
  return error.causes
    .filter((cause) => cause.reason === 'FieldManagerConflict')
    .map((cause) => {
      const match = CONFLICT.exec(cause.message ?? '');
      const detail = match?.[2];
      return { manager: match?.[1] ?? 'unknown', field: cause.field ?? '', ...(detail === undefined ? {} : { detail }) };
    });
}
