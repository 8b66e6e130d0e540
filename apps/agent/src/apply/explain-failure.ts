import type { FieldConflict } from '@meshfleet/kube';
import { conflictsOf, isTransient, KubeError } from '@meshfleet/kube';
import { LEFT_BEHIND_MANAGER, MeshfleetError } from '@meshfleet/model';
import type { Failed } from './outcome.ts';

/** What a failed request means for the object: a reason that people can act upon. */
export function explainFailure(error: unknown): Failed {
  if (!(error instanceof KubeError)) {
    const message = error instanceof MeshfleetError ? error.summary : 'The agent failed in a way that it should not; see its log';
    return { kind: 'failed', reason: 'AgentError', message, transient: true };
  }
  const conflicts = conflictsOf(error);
  if (conflicts.length > 0) return explainConflicts(conflicts);
  return {
    kind: 'failed',
    reason: reasonOf(error),
    message: isMissingNamespace(error) ? `${error.summary}: create the namespace in this cluster, and the object is applied within moments.` : error.summary,
    // A token that is refused is replaced by the kubelet soon.
    transient: (isTransient(error) && !isUntypable(error)) || isMissingNamespace(error) || error.status === 409 || error.status === 401,
    ...(error.retryAfterMs === undefined ? {} : { retryAfterMs: error.retryAfterMs }),
  };
}

/** What it means that others own these fields, of which there are some. */
export function explainConflicts(conflicts: readonly FieldConflict[]): Failed {
  const managers = [...new Set(conflicts.map((conflict) => conflict.manager))];
  const [first] = managers;
  return {
    kind: 'failed',
    reason: 'Conflict',
    message: `${managers.join(', ')} ${managers.length === 1 ? 'owns' : 'own'} fields that the policy sets. ${remedyOf(managers)}`,
    ...(first === undefined ? {} : { manager: first }),
    // The API server names a field once for each manager that holds it.
    fields: [...new Set(conflicts.map((conflict) => conflict.field))],
    transient: false,
  };
}

/** Nobody is behind the manager of what an earlier policy left in place: it cannot be asked to give anything up. */
function remedyOf(managers: readonly string[]): string {
  const force = "set the policy's conflicts to FORCE";
  return managers.every((manager) => manager === LEFT_BEHIND_MANAGER)
    ? `An earlier version or policy gave them back as they were before it: list them in the policy's takeOver, or ${force}.`
    : `Let it give them up, list them in the policy's takeOver, or ${force}.`;
}

// `namespaces "shop" not found`, with details.kind namespaces: what a create into a missing namespace answers.
const isMissingNamespace = (error: KubeError): boolean => error.status === 404 && (error.detailsKind === 'namespaces' || /^namespaces? "/.test(error.summary));

// An apply whose fields have other types than the schema's is answered with 500, although it is the object that is wrong.
const isUntypable = (error: KubeError): boolean => /failed to create typed patch object/.test(error.summary);

function reasonOf(error: KubeError): string {
  if (error.status === 0) return 'Unreachable';
  if (isUntypable(error)) return 'Invalid';
  if (/admission webhook ".*" denied/.test(error.summary)) return 'DeniedByWebhook';
  if (/failed calling webhook/.test(error.summary)) return 'WebhookFailed';
  if (error.causes.some((cause) => cause.reason === 'NamespaceTerminating')) return 'NamespaceTerminating';
  if (isMissingNamespace(error)) return 'NamespaceNotFound';
  if (error.status === 404) return 'KindNotServed';
  if (error.status === 409) return 'WriteConflict';
  if (error.status === 429 || error.status >= 500) return 'ServerBusy';
  return error.reason;
}
