import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { blastRadius } from './blast-radius.ts';
import { contentsOf, type Service, type Workload } from './cluster-contents.ts';
import { indexServices, indexWorkloads } from './index-contents.ts';
import type { HostReach, WorkloadReach } from './reach.ts';

const name = fc.constantFrom('a', 'b', 'c');
const labels = fc.dictionary(name, name, { maxKeys: 3 });

describe('an index of what a cluster has answers as looking at everything does:', () => {
  it('workloads by labels', () => {
    const workload = fc.record({ key: fc.uuid(), namespace: name, labels });
    const choice = fc.record({ namespace: fc.option(name), labels });
    const isChosen = (one: Workload, { namespace, labels: wanted }: WorkloadReach): boolean => (namespace === null || namespace === one.namespace) && Object.entries(wanted).every(([label, value]) => one.labels[label] === value);
    fc.assert(
      fc.property(fc.array(workload, { maxLength: 12 }), fc.array(choice, { maxLength: 4 }), (workloads, choices) => {
        const index = indexWorkloads(workloads);
        for (const one of choices) expect(index.chosenBy(one.namespace, one.labels)).toEqual(workloads.filter((each) => isChosen(each, one)));
      }),
    );
  });

  it('services by hosts', () => {
    const service = fc.record({ key: fc.uuid(), namespace: name, name, selector: fc.constant(null) });
    const host = fc.constantFrom('*', '*.local', '*.cluster.local', '*.a.svc.cluster.local', '*.c', 'a', 'b', 'a.b', 'b.a.svc', 'c.a.svc.cluster.local', 'a.example.com', '*a', 'A');
    const means = ({ host: one, namespace }: HostReach, each: Service): boolean => {
      const full = `${each.name}.${each.namespace}.svc.cluster.local`;
      if (one === '*') return true;
      if (one.startsWith('*.')) return full.endsWith(one.slice(1));
      if (!one.includes('.')) return one === each.name && namespace === each.namespace;
      return [full, `${each.name}.${each.namespace}`, `${each.name}.${each.namespace}.svc`].includes(one);
    };
    fc.assert(
      fc.property(fc.array(service, { maxLength: 9 }), fc.array(fc.record({ host, namespace: name }), { maxLength: 4 }), (services, hosts) => {
        expect(indexServices(services).meantBy(hosts)).toEqual(services.filter((each) => hosts.some((one) => means(one, each))));
      }),
    );
  });
});

describe('a change of very much in a large cluster is looked through in a moment:', () => {
  const large = contentsOf(
    Array.from({ length: 2_000 }, (_, i) => i).flatMap((i) => [
      { key: `Service/n${i % 50}/s${i}`, body: { selector: { app: `a${i}` } } },
      { key: `Deployment.apps/n${i % 50}/d${i}`, body: { labels: { app: `a${i}` } } },
    ]),
  );
  const virtualService = (i: number, hosts: readonly string[]) => ({ apiVersion: 'networking.istio.io/v1', kind: 'VirtualService', metadata: { name: `v${i}`, namespace: 'n1' }, spec: { hosts } });
  const linkerd = (kind: string, i: number, spec: object) => ({ apiVersion: 'policy.linkerd.io/v1alpha1', kind, metadata: { name: `${kind}-${i}`, namespace: 'n1' }, spec });
  const many = <T>(count: number, make: (i: number) => T): T[] => Array.from({ length: count }, (_, i) => make(i));

  it.each([
    ['20,000 hosts of one VirtualService', [virtualService(0, many(20_000, (i) => `h${i}.local`))], 0],
    ['100 VirtualServices for everything', many(100, (i) => virtualService(i, ['*.local'])), 2_000],
    [
      '1,000 identities that each of 1,000 authorizations requires 100 of',
      [
        ...many(1_000, (i) => linkerd('MeshTLSAuthentication', i, {})),
        ...many(1_000, (i) => linkerd('AuthorizationPolicy', i, { targetRef: { kind: 'Namespace', name: 'n1' }, requiredAuthenticationRefs: many(100, (k) => ({ kind: 'MeshTLSAuthentication', name: `MeshTLSAuthentication-${k}` })) })),
      ],
      40,
    ],
  ])('%s', (_title, objects, reached) => {
    // Of this thread alone: on a busy machine the clock tells of others.
    const before = process.threadCpuUsage();
    expect(blastRadius(objects, large).workloads).toHaveLength(reached);
    const { user, system } = process.threadCpuUsage(before);
    // Each took 8 to 20 s when everything was held against everything.
    expect((user + system) / 1_000).toBeLessThan(2_000);
  });
});
