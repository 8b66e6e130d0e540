import { isDeepStrictEqual } from 'node:util';
import { kubeObjectOf } from '@meshfleet/model';
import type { KubeObject } from '@meshfleet/model';
import { SCHEDULER } from '../auth/pod-subresources.ts';
import { listAt, mapAt, textAt } from '../kinds/field.ts';
import { qosClass } from '../controllers/pod-lifecycle.ts';
import { forbidden } from '../server/status-error.ts';
import type { KindRules, RuleContext } from './kind-rules.ts';
import type { Mutable } from './mutable.ts';
import { child, items, setDefault } from './mutable.ts';
import { defaultPod } from './pod-spec-defaults.ts';
import { validatePodSpec } from './validate-pod-spec.ts';

const TOKEN_MOUNT = '/var/run/secrets/kubernetes.io/serviceaccount';
const UPDATABLE =
  'pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)';

export const podRules: KindRules = {
  defaults(object) {
    defaultPod(object);
    const status = child(object, 'status');
    setDefault(status, 'phase', 'Pending');
  },
  prepare(object, old, context) {
    if (old !== undefined) return;
    const spec = child(object, 'spec');
    admitServiceAccount(object, spec, context);
    admitPriority(spec, context);
    admitTolerations(spec);
    setDefault(child(object, 'status'), 'qosClass', qosClass(kubeObjectOf(object)));
  },
  validate(object, errors) {
    validatePodSpec(object['spec'], 'spec', errors);
  },
  validateUpdate(object, old, errors, context) {
    const bySchedulerNow = context.admission.user.name === SCHEDULER.name && (textAt(old, 'spec', 'nodeName') ?? '') === '';
    if (!isDeepStrictEqual(fixedPart(object, bySchedulerNow), fixedPart(old, bySchedulerNow))) errors.forbidden('spec', UPDATABLE);
  },
};

/** The part of a pod's spec that no update may touch. */
function fixedPart(pod: KubeObject, binding: boolean): unknown {
  const { activeDeadlineSeconds: _deadline, tolerations: _tolerations, terminationGracePeriodSeconds: _grace, containers: _containers, initContainers: _init, ephemeralContainers: _ephemeral, schedulingGates: _gates, nodeName, ...rest } = mapAt(pod, 'spec');
  const withoutImage = (list: string): unknown[] => listAt(pod, 'spec', list).map(({ image: _image, resources: _resources, ...container }) => container);
  return { ...rest, ...(binding ? {} : { nodeName }), containers: withoutImage('containers'), initContainers: withoutImage('initContainers') };
}

/** The ServiceAccount admission plugin: the account must exist, and its token is mounted. */
function admitServiceAccount(object: Mutable, spec: Mutable, context: RuleContext): void {
  setDefault(spec, 'serviceAccountName', 'default');
  setDefault(spec, 'serviceAccount', spec['serviceAccountName']);
  const metadata = child(object, 'metadata');
  const namespace = String(metadata['namespace'] ?? '');
  const name = String(spec['serviceAccountName']);
  const accounts = context.registry.find('', 'v1', 'serviceaccounts');
  const account = accounts && context.admission.store.get(accounts, namespace, name);
  if (account === undefined) {
    const why = `error looking up service account ${namespace}/${name}: serviceaccount ${JSON.stringify(name)} not found`;
    throw forbidden({ group: '', plural: 'pods' }, String(metadata['name'] ?? ''), why);
  }
  if (!Array.isArray(spec['imagePullSecrets']) && Array.isArray(account['imagePullSecrets'])) spec['imagePullSecrets'] = structuredClone(account['imagePullSecrets']);
  if (spec['automountServiceAccountToken'] === false || (spec['automountServiceAccountToken'] === undefined && account['automountServiceAccountToken'] === false)) return;
  mountToken(object, spec);
}

function mountToken(object: Mutable, spec: Mutable): void {
  const containers = [...items(spec, 'initContainers'), ...items(spec, 'containers')];
  const unmounted = containers.filter((container) => !items(container, 'volumeMounts').some((mount) => mount['mountPath'] === TOKEN_MOUNT));
  if (unmounted.length === 0) return;
  const volume = `kube-api-access-${suffixOf(String(child(object, 'metadata')['uid'] ?? ''))}`;
  for (const container of unmounted) container['volumeMounts'] = [...items(container, 'volumeMounts'), { name: volume, readOnly: true, mountPath: TOKEN_MOUNT }];
  const sources = [
    { serviceAccountToken: { expirationSeconds: 3607, path: 'token' } },
    { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
    { downwardAPI: { items: [{ path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } }] } },
  ];
  spec['volumes'] = [...items(spec, 'volumes'), { name: volume, projected: { sources, defaultMode: 420 } }];
}

/** Five characters as generated names have them; out of the uid, so that a retried write repeats them. */
function suffixOf(uid: string): string {
  const alphabet = 'bcdfghjklmnpqrstvwxz2456789';
  const hex = uid.replace(/[^0-9a-f]/g, '').padEnd(10, '0');
  return Array.from({ length: 5 }, (_, index) => alphabet[Number.parseInt(hex.slice(index * 2, index * 2 + 2), 16) % alphabet.length]).join('');
}

function admitPriority(spec: Mutable, context: RuleContext): void {
  const classes = context.registry.find('scheduling.k8s.io', 'v1', 'priorityclasses');
  const name = spec['priorityClassName'];
  const found = classes && typeof name === 'string' && name !== '' ? context.admission.store.get(classes, undefined, name) : undefined;
  if (typeof name === 'string' && name !== '' && found === undefined) throw forbidden({ group: '', plural: 'pods' }, '', `no PriorityClass with name ${name} was found`);
  setDefault(spec, 'priority', found?.['value'] ?? 0);
  setDefault(spec, 'preemptionPolicy', found?.['preemptionPolicy'] ?? 'PreemptLowerPriority');
}

/** The DefaultTolerationSeconds plugin: pods stay five minutes on a node that is lost. */
function admitTolerations(spec: Mutable): void {
  const tolerations = items(spec, 'tolerations');
  for (const key of ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable']) {
    const tolerated = tolerations.some((toleration) => (toleration['key'] === key || toleration['key'] === undefined) && (toleration['effect'] === 'NoExecute' || toleration['effect'] === undefined));
    if (!tolerated) tolerations.push({ key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 300 });
  }
  spec['tolerations'] = tolerations;
}
