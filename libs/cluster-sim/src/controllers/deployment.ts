import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import type { KubeObject } from '@meshfleet/model';
import { mapAt, numberAt, textAt, thaw } from '../kinds/field.ts';
import type { Condition, Controller, ControllerContext } from './context.ts';
import { controlledBy, controllerKey, infoOf, isKind, keyOf, mergeConditions, nowText, splitKey, writeStatus } from './context.ts';
import { conditionsOf, isPaused, specReplicas, statusNumber, templateWithoutHash } from './replica-set.ts';

const REVISION = 'deployment.kubernetes.io/revision';
const DESIRED = 'deployment.kubernetes.io/desired-replicas';
const MAXIMUM = 'deployment.kubernetes.io/max-replicas';
/** No vowels and nothing that reads as another character, as in the hashes of a real cluster. */
const ALPHABET = 'bcdfghjklmnpqrstvwxz2456789';

/** Deployment to ReplicaSets: one for the current template, the old ones scaled down once it is available. */
export function deploymentController(context: ControllerContext): Controller {
  const deployments = infoOf(context, 'apps', 'deployments');
  const replicaSets = infoOf(context, 'apps', 'replicasets');
  return {
    name: 'deployment',
    keysOf(event) {
      if (isKind(event, 'apps', 'deployments')) return [keyOf(event.object)];
      const owner = isKind(event, 'apps', 'replicasets') ? controllerKey(event.object, 'Deployment') : undefined;
      return owner === undefined ? [] : [owner];
    },
    reconcile(key) {
      const { namespace, name } = splitKey(key);
      const deployment = context.store.get(deployments, namespace, name);
      if (deployment === undefined || deployment.metadata.deletionTimestamp !== undefined) return;
      const sets = context.owners.objectsOf(deployment.metadata.uid ?? '', 'replicasets');
      const wanted = canonicalTemplate(deployment);
      const current = sets.find((set) => canonicalTemplate(set) === wanted);
      if (!isPaused(deployment)) roll(deployment, current, sets.filter((set) => set !== current));
      report(context.store.get(deployments, namespace, name) ?? deployment);
    },
  };

  function roll(deployment: KubeObject, current: KubeObject | undefined, old: readonly KubeObject[]): void {
    const replicas = specReplicas(deployment);
    const live = old.filter((set) => specReplicas(set) > 0 || statusNumber(set, 'replicas') > 0);
    const recreate = textAt(deployment, 'spec', 'strategy', 'type') === 'Recreate';
    if (recreate && live.length > 0) return live.forEach((set) => scaleTo(set, 0, replicas));
    const revision = nextRevision(current, old);
    const set = current ?? createReplicaSet(deployment, revision);
    if (specReplicas(set) !== replicas || set.metadata.annotations?.[REVISION] !== revision) scaleTo(set, replicas, replicas, revision);
    if (deployment.metadata.annotations?.[REVISION] !== revision) {
      const stamped = thaw(deployment);
      stamped.metadata.annotations = { ...stamped.metadata.annotations, [REVISION]: revision };
      // Through /status, so that the stamp does not count as a change of the deployment.
      context.store.write.updateStatus(deployments, stamped);
    }
    if (statusNumber(set, 'availableReplicas') >= replicas) for (const previous of live) scaleTo(previous, 0, replicas);
    prune(deployment, old);
  }

  function createReplicaSet(deployment: KubeObject, revision: string): KubeObject {
    const template = thawedTemplate(deployment);
    const hash = templateHash(template);
    const labels = { ...(mapAt(template, 'metadata', 'labels') as Record<string, string>), 'pod-template-hash': hash };
    const replicas = specReplicas(deployment);
    return context.store.write.create(replicaSets, {
      apiVersion: 'apps/v1',
      kind: 'ReplicaSet',
      metadata: {
        namespace: deployment.metadata.namespace ?? '',
        name: `${deployment.metadata.name ?? ''}-${hash}`,
        labels,
        annotations: { ...inherited(deployment), [REVISION]: revision, [DESIRED]: String(replicas), [MAXIMUM]: String(replicas + Math.ceil(replicas / 4)) },
        ownerReferences: [controlledBy(deployment)],
      },
      spec: {
        replicas,
        ...(numberAt(deployment, 'spec', 'minReadySeconds') ? { minReadySeconds: numberAt(deployment, 'spec', 'minReadySeconds') } : {}),
        selector: { ...mapAt(deployment, 'spec', 'selector'), matchLabels: { ...mapAt(deployment, 'spec', 'selector', 'matchLabels'), 'pod-template-hash': hash } },
        template: { ...template, metadata: { ...mapAt(template, 'metadata'), labels } },
      },
    });
  }

  function scaleTo(set: KubeObject, replicas: number, desired: number, revision?: string): void {
    const next = thaw(set);
    next.metadata.annotations = { ...next.metadata.annotations, [DESIRED]: String(desired), ...(revision === undefined ? {} : { [REVISION]: revision }) };
    context.store.write.update(replicaSets, { ...next, spec: { ...mapAt(next, 'spec'), replicas } });
  }

  function prune(deployment: KubeObject, old: readonly KubeObject[]): void {
    const kept = numberAt(deployment, 'spec', 'revisionHistoryLimit') ?? 10;
    const idle = old.filter((set) => specReplicas(set) === 0 && statusNumber(set, 'replicas') === 0).sort((a, b) => revisionOf(a) - revisionOf(b));
    for (const set of idle.slice(0, Math.max(0, idle.length - kept))) context.store.write.delete(replicaSets, set.metadata.namespace, set.metadata.name ?? '');
  }

  function report(deployment: KubeObject): void {
    const sets = context.owners.objectsOf(deployment.metadata.uid ?? '', 'replicasets');
    const wanted = canonicalTemplate(deployment);
    const current = sets.find((set) => canonicalTemplate(set) === wanted);
    const sum = (field: string): number => sets.reduce((total, set) => total + statusNumber(set, field), 0);
    const replicas = specReplicas(deployment);
    const total = sum('replicas');
    const ready = sum('readyReplicas');
    const available = sum('availableReplicas');
    const updated = current === undefined ? 0 : statusNumber(current, 'replicas');
    const conditions = conditionsFor(deployment, current, { replicas, total, updated, available });
    writeStatus(context, deployments, deployment, {
      observedGeneration: deployment.metadata.generation ?? 1,
      ...(total === 0 ? {} : { replicas: total }),
      ...(updated === 0 ? {} : { updatedReplicas: updated }),
      ...(ready === 0 ? {} : { readyReplicas: ready }),
      ...(available === 0 ? {} : { availableReplicas: available }),
      ...(available < replicas ? { unavailableReplicas: replicas - available } : {}),
      conditions,
    });
  }

  function conditionsFor(
    deployment: KubeObject,
    current: KubeObject | undefined,
    count: { replicas: number; total: number; updated: number; available: number },
  ): Condition[] {
    const enough = count.available >= count.replicas - Math.floor(count.replicas / 4);
    const complete = count.updated === count.replicas && count.total === count.replicas && count.available === count.replicas;
    const name = current?.metadata.name ?? '';
    const next: Condition[] = [
      enough
        ? { type: 'Available', status: 'True', reason: 'MinimumReplicasAvailable', message: 'Deployment has minimum availability.' }
        : { type: 'Available', status: 'False', reason: 'MinimumReplicasUnavailable', message: 'Deployment does not have minimum availability.' },
      isPaused(deployment)
        ? { type: 'Progressing', status: 'Unknown', reason: 'DeploymentPaused', message: 'Deployment is paused' }
        : complete
          ? { type: 'Progressing', status: 'True', reason: 'NewReplicaSetAvailable', message: `ReplicaSet "${name}" has successfully progressed.` }
          : { type: 'Progressing', status: 'True', reason: 'ReplicaSetUpdated', message: `ReplicaSet "${name}" is progressing.` },
    ];
    const before = conditionsOf(deployment);
    const now = nowText(context);
    return mergeConditions(before, next, now).map((condition) => {
      const same = before.find((candidate) => candidate['type'] === condition.type && candidate['status'] === condition.status && candidate['reason'] === condition.reason);
      const since = same?.['lastUpdateTime'];
      return { ...condition, lastUpdateTime: typeof since === 'string' ? since : now };
    });
  }
}

/** Hash of a pod template: same template, same name of the ReplicaSet, whoever computes it. */
export function templateHash(template: unknown): string {
  const digest = createHash('sha256').update(canonicalize(template) ?? '').digest();
  return [...digest.subarray(0, 10)].map((byte) => ALPHABET[byte % ALPHABET.length]).join('');
}

const canonicalTemplate = (owner: KubeObject): unknown => canonicalize(templateWithoutHash(mapAt(owner, 'spec', 'template')));
const thawedTemplate = (owner: KubeObject): Record<string, unknown> => structuredClone(mapAt(owner, 'spec', 'template')) as Record<string, unknown>;
const revisionOf = (object: KubeObject): number => Number(object.metadata.annotations?.[REVISION] ?? 0);

/** A template used before gets a new revision when it comes back: that is what `kubectl rollout undo` does. */
function nextRevision(current: KubeObject | undefined, old: readonly KubeObject[]): string {
  const newest = Math.max(0, ...old.map(revisionOf));
  return current !== undefined && revisionOf(current) > newest ? String(revisionOf(current)) : String(newest + 1);
}

function inherited(deployment: KubeObject): Record<string, string> {
  const { 'kubectl.kubernetes.io/last-applied-configuration': _applied, [REVISION]: _revision, ...rest } = deployment.metadata.annotations ?? {};
  return rest;
}

