import type { ResourceInfo } from '../seam.ts';
import type { KindRules } from './kind-rules.ts';
import * as core from './rules-core.ts';
import { customResourceDefinitionRules } from './rules-definition.ts';
import { cronJobRules, jobRules } from './rules-job.ts';
import { eventRules } from './rules-event.ts';
import { leaseRules } from './rules-lease.ts';
import { disruptionBudgetRules, horizontalPodAutoscalerRules, ingressRules, networkPolicyRules } from './rules-network.ts';
import { podRules } from './rules-pod.ts';
import { bindingRules, clusterRoleRules, namespacedRoleRules } from './rules-rbac.ts';
import { serviceRules } from './rules-service.ts';
import { mutatingWebhookRules, validatingWebhookRules } from './rules-webhook.ts';
import { daemonSetRules, deploymentRules, podTemplateRules, replicaSetRules, statefulSetRules } from './rules-workload.ts';

/** Rules by `plural.group`; a kind without an entry has its schema and nothing more. */
const RULES_OF_KINDS: Readonly<Record<string, KindRules>> = {
  namespaces: core.namespaceRules,
  configmaps: core.configMapRules,
  secrets: core.secretRules,
  persistentvolumeclaims: core.persistentVolumeClaimRules,
  endpoints: core.endpointsRules,
  nodes: core.nodeRules,
  pods: podRules,
  podtemplates: podTemplateRules,
  events: eventRules,
  'leases.coordination.k8s.io': leaseRules,
  services: serviceRules,
  'endpointslices.discovery.k8s.io': core.endpointSliceRules,
  'priorityclasses.scheduling.k8s.io': core.priorityClassRules,
  'storageclasses.storage.k8s.io': core.storageClassRules,
  'deployments.apps': deploymentRules,
  'replicasets.apps': replicaSetRules,
  'statefulsets.apps': statefulSetRules,
  'daemonsets.apps': daemonSetRules,
  'jobs.batch': jobRules,
  'cronjobs.batch': cronJobRules,
  'networkpolicies.networking.k8s.io': networkPolicyRules,
  'ingresses.networking.k8s.io': ingressRules,
  'horizontalpodautoscalers.autoscaling': horizontalPodAutoscalerRules,
  'poddisruptionbudgets.policy': disruptionBudgetRules,
  'roles.rbac.authorization.k8s.io': namespacedRoleRules,
  'clusterroles.rbac.authorization.k8s.io': clusterRoleRules,
  'rolebindings.rbac.authorization.k8s.io': bindingRules,
  'clusterrolebindings.rbac.authorization.k8s.io': bindingRules,
  'validatingwebhookconfigurations.admissionregistration.k8s.io': validatingWebhookRules,
  'mutatingwebhookconfigurations.admissionregistration.k8s.io': mutatingWebhookRules,
  'customresourcedefinitions.apiextensions.k8s.io': customResourceDefinitionRules,
};

export function rulesOf(info: Pick<ResourceInfo, 'group' | 'plural'>): KindRules | undefined {
  return RULES_OF_KINDS[info.group === '' ? info.plural : `${info.plural}.${info.group}`];
}
