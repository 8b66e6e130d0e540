import type { OpenCluster } from '@meshfleet/cluster-real';
import { accessFromKubeconfig, createKubeClient, createTransport, type KubeClient, type Resource } from '@meshfleet/kube';
import { setTimeout as sleep } from 'node:timers/promises';
import { until, VIRTUAL_SERVICES, virtualService } from '../../../apps/agent/src/testing/agent-fixture.ts';
import { refuseByWebhook } from './webhook.ts';

const GROUP = 'flowcontrol.apiserver.k8s.io';
const PRIORITY_LEVELS: Resource = { group: GROUP, version: 'v1', kind: 'PriorityLevelConfiguration', plural: 'prioritylevelconfigurations', namespaced: false };
const FLOW_SCHEMAS: Resource = { group: GROUP, version: 'v1', kind: 'FlowSchema', plural: 'flowschemas', namespaced: false };
const NAME = 'agent-throttled';
const MESH_GROUP = 'networking.istio.io';

/** Has the API server answer 429 to the agent's requests for VirtualServices; returns the way to end that. */
export async function throttleAgent(cluster: OpenCluster, admin: KubeClient): Promise<() => Promise<void>> {
  if (cluster.faults !== undefined) {
    for (const verb of ['get', 'apply', 'create', 'delete']) {
      cluster.faults.tooManyRequests({ ratio: 1 }, 1, { verb, resource: `virtualservices.${MESH_GROUP}` });
    }
    return () => Promise.resolve(cluster.faults?.clear());
  }
  // A level of one seat without a queue: whoever holds the seat has priority and fairness refuse all others.
  await admin.create(PRIORITY_LEVELS, {
    apiVersion: `${GROUP}/v1`,
    kind: 'PriorityLevelConfiguration',
    metadata: { name: NAME },
    spec: { type: 'Limited', limited: { nominalConcurrencyShares: 0, lendablePercent: 0, borrowingLimitPercent: 0, limitResponse: { type: 'Reject' } } },
  });
  await admin.create(FLOW_SCHEMAS, {
    apiVersion: `${GROUP}/v1`,
    kind: 'FlowSchema',
    metadata: { name: NAME },
    spec: {
      priorityLevelConfiguration: { name: NAME },
      matchingPrecedence: 2,
      rules: [
        {
          subjects: [{ kind: 'ServiceAccount', serviceAccount: { namespace: 'meshfleet-system', name: 'meshfleet-agent' } }],
          resourceRules: [{ verbs: ['*'], apiGroups: [MESH_GROUP], resources: ['virtualservices'], namespaces: ['*'] }],
        },
      ],
    },
  });
  const webhook = await refuseByWebhook(admin, undefined, `object.metadata.name == '${NAME}'`);
  const transport = createTransport(await accessFromKubeconfig(cluster.kubeconfig({ token: await cluster.createToken({ namespace: 'meshfleet-system', name: 'meshfleet-agent' }) })));
  const client = createKubeClient(transport);
  let over = false;
  const holding = (async () => {
    // Waits for the webhook that says nothing, in the seat.
    while (!over) await client.apply(VIRTUAL_SERVICES, virtualService(NAME), { fieldManager: 'seat-holder', dryRun: true }).catch(() => sleep(20));
  })();
  await until(() => webhook.calls > 0);
  return async () => {
    over = true;
    await webhook.remove();
    await holding;
    transport.close();
    for (const resource of [FLOW_SCHEMAS, PRIORITY_LEVELS]) {
      const { metadata } = await admin.get(resource, '', NAME);
      await admin.delete(resource, '', NAME, { uid: metadata.uid ?? '' });
    }
  };
}
