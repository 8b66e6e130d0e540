import { afterEach, beforeEach, expect, it } from 'vitest';
import { RESOURCES } from '@meshfleet/kube';
import type { KubeObject } from '@meshfleet/model';
import type { Agent } from '../agent.ts';
import { startTestAgent, startTestCluster, until } from '../testing/agent-fixture.ts';
import type { TestCluster } from '../testing/agent-fixture.ts';
import { startScriptedHub } from '../testing/scripted-hub.ts';
import type { ScriptedHub } from '../testing/scripted-hub.ts';

let test: TestCluster;
let hub: ScriptedHub;
let agent: Agent;

beforeEach(async () => {
  [test, hub] = await Promise.all([startTestCluster(), startScriptedHub()]);
  agent = await startTestAgent(test, hub);
});
afterEach(async () => {
  await agent.stop();
  await hub.close();
  await test.close();
});

const digests = () => hub.reports.findLast(({ facts }) => facts?.kindSchemas !== undefined)?.facts?.kindSchemas ?? {};
const told = () => until(() => Object.keys(digests()).length > 0 && Object.values(digests()).every((digest) => hub.schemas.has(digest)));

it('an agent tells which schemas its cluster serves, and sends those that the hub does not know, once', async () => {
  await until(() => Object.keys(digests()).length > 0 && Object.values(digests()).every((digest) => hub.schemas.has(digest)));
  const virtualService = hub.schemas.get(digests()['VirtualService.networking.istio.io'] ?? '');
  expect(virtualService).toMatchObject({ group: 'networking.istio.io', kind: 'VirtualService', plural: 'virtualservices', scope: 'Namespaced' });
  expect(virtualService?.versions.some(({ schema }) => Object.keys(schema).length > 0)).toBe(true);
  expect(hub.requests.filter(({ path }) => path === '/agent/v1/schemas')).toHaveLength(new Set(Object.values(digests())).size);
  expect(test.cluster.auditLog().filter((event) => event.user.includes('meshfleet-agent') && event.code === 403)).toEqual([]);
});

it('reads the one definition that has changed, and none of which only labels or the status have', async () => {
  await told();
  const before = digests();
  const readings = () => test.cluster.auditLog().filter((event) => event.user.includes('meshfleet-agent') && event.resource === 'customresourcedefinitions' && event.verb === 'list').length;
  const from = readings();
  const edit = async (name: string, how: (definition: KubeObject) => KubeObject): Promise<void> => {
    const { items } = await test.admin.list(RESOURCES.customResourceDefinitions, { fieldSelector: `metadata.name=${name}` });
    for (const definition of items) await test.admin.update(RESOURCES.customResourceDefinitions, how({ ...definition, apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition' }));
  };
  await edit('serviceentries.networking.istio.io', (definition) => ({ ...definition, metadata: { ...definition.metadata, labels: { team: 'platform' } } }));
  await edit('virtualservices.networking.istio.io', (definition) => {
    const spec = definition['spec'] as { versions: { schema: { openAPIV3Schema: { properties: object } } }[] }; // a CustomResourceDefinition
    const versions = spec.versions.map((version) => ({ ...version, schema: { openAPIV3Schema: { ...version.schema.openAPIV3Schema, properties: { ...version.schema.openAPIV3Schema.properties, extra: { type: 'string' } } } } }));
    return { ...definition, spec: { ...spec, versions } };
  });
  const key = 'VirtualService.networking.istio.io';
  await until(() => digests()[key] !== before[key]);
  await told();
  expect(Object.keys(digests()).filter((each) => digests()[each] !== before[each])).toEqual([key]);
  // Once to know its digest, and once more because the hub did not know it.
  expect(readings() - from).toBe(2);
});
