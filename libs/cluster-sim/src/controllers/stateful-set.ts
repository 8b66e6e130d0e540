import type { KubeObject } from '@meshfleet/model';
import { isRecord, listAt, mapAt, textAt } from '../kinds/field.ts';
import type { Controller, ControllerContext } from './context.ts';
import { controlledBy, controllerKey, infoOf, isKind, keyOf, splitKey, writeStatus } from './context.ts';
import { templateHash } from './deployment.ts';
import { isActive, isReady, podFromTemplate } from './pod-template.ts';
import { specReplicas } from './replica-set.ts';

const REVISION_LABEL = 'controller-revision-hash';

/** StatefulSet to pods with stable names; one whose template is old is replaced, from the highest ordinal down. */
export function statefulSetController(context: ControllerContext): Controller {
  const sets = infoOf(context, 'apps', 'statefulsets');
  const pods = infoOf(context, '', 'pods');
  const claims = infoOf(context, '', 'persistentvolumeclaims');
  return {
    name: 'statefulset',
    keysOf(event) {
      if (isKind(event, 'apps', 'statefulsets')) return [keyOf(event.object)];
      const owner = isKind(event, '', 'pods') ? controllerKey(event.object, 'StatefulSet') : undefined;
      return owner === undefined ? [] : [owner];
    },
    reconcile(key) {
      const { namespace, name } = splitKey(key);
      const set = context.store.get(sets, namespace, name);
      if (set === undefined) return;
      const revision = `${name}-${templateHash(mapAt(set, 'spec', 'template'))}`;
      if (set.metadata.deletionTimestamp === undefined) converge(set, revision);
      const owned = context.owners.objectsOf(set.metadata.uid ?? '', 'pods').filter(isActive);
      const ready = owned.filter(isReady).length;
      const updated = owned.filter((pod) => pod.metadata.labels?.[REVISION_LABEL] === revision).length;
      writeStatus(context, sets, set, {
        observedGeneration: set.metadata.generation ?? 1,
        replicas: owned.length,
        ...(ready === 0 ? {} : { readyReplicas: ready }),
        availableReplicas: ready,
        ...(owned.length === 0 ? {} : { currentReplicas: updated }),
        ...(updated === 0 ? {} : { updatedReplicas: updated }),
        currentRevision: updated === owned.length ? revision : (textAt(set, 'status', 'currentRevision') ?? revision),
        updateRevision: revision,
        collisionCount: 0,
      });
    },
  };

  function converge(set: KubeObject, revision: string): void {
    const wanted = specReplicas(set);
    const byName = new Map(context.owners.objectsOf(set.metadata.uid ?? '', 'pods').map((pod) => [pod.metadata.name ?? '', pod]));
    const ordinals = Array.from({ length: wanted }, (_, ordinal) => `${set.metadata.name ?? ''}-${ordinal}`);
    for (const name of ordinals) if (!byName.has(name)) createPod(set, name, revision);
    for (const [name, pod] of byName) if (!ordinals.includes(name) && pod.metadata.deletionTimestamp === undefined) context.store.write.delete(pods, pod.metadata.namespace, name);
    if (textAt(set, 'spec', 'updateStrategy', 'type') === 'OnDelete') return;
    const stale = ordinals.toReversed().find((name) => {
      const pod = byName.get(name);
      return pod !== undefined && pod.metadata.deletionTimestamp === undefined && pod.metadata.labels?.[REVISION_LABEL] !== revision;
    });
    if (stale !== undefined) context.store.write.delete(pods, set.metadata.namespace, stale);
  }

  function createPod(set: KubeObject, name: string, revision: string): void {
    const namespace = set.metadata.namespace ?? '';
    const templates = listAt(set, 'spec', 'volumeClaimTemplates');
    for (const template of templates) createClaim(namespace, `${textAt(template, 'metadata', 'name') ?? ''}-${name}`, template);
    const volumes = templates.map((template) => {
      const volume = textAt(template, 'metadata', 'name') ?? '';
      return { name: volume, persistentVolumeClaim: { claimName: `${volume}-${name}` } };
    });
    const template = mapAt(set, 'spec', 'template');
    const serviceName = textAt(set, 'spec', 'serviceName');
    const pod = podFromTemplate(template, {
      namespace,
      name,
      owner: controlledBy(set),
      labels: { [REVISION_LABEL]: revision, 'statefulset.kubernetes.io/pod-name': name, 'apps.kubernetes.io/pod-index': name.slice(name.lastIndexOf('-') + 1) },
      spec: { hostname: name, ...(serviceName === undefined ? {} : { subdomain: serviceName }), ...(volumes.length === 0 ? {} : { volumes: [...listAt(template, 'spec', 'volumes'), ...volumes] }) },
    });
    context.store.write.create(pods, pod);
  }

  function createClaim(namespace: string, name: string, template: unknown): void {
    if (context.store.get(claims, namespace, name) !== undefined) return;
    const spec = mapAt(template, 'spec');
    const created = context.store.write.create(claims, { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { namespace, name }, spec: structuredClone(spec) });
    const capacity = mapAt(spec, 'resources', 'requests');
    writeStatus(context, claims, created, { phase: 'Bound', accessModes: spec['accessModes'] ?? [], ...(isRecord(capacity) ? { capacity } : {}) });
  }
}
