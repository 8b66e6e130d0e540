import { formatObjectKey, objectKeyOf } from '@meshfleet/model';
import { describe, expect, it } from 'vitest';
import { refused, written } from '../preset-answers.fixture.ts';
import { defaultDeny } from './default-deny.ts';
import { waypointOnly } from './waypoint-only.ts';

const keys = (parameters: unknown): string[] => written(defaultDeny, parameters).map((object) => formatObjectKey(objectKeyOf(object)).replace('AuthorizationPolicy.security.istio.io/', ''));

describe('default deny', () => {
  it('is an ALLOW policy without rules, for the mesh, namespaces or workloads', () => {
    expect(written(defaultDeny, { target: { scope: 'MESH' } })).toEqual([{ apiVersion: 'security.istio.io/v1', kind: 'AuthorizationPolicy', metadata: { name: 'default-deny', namespace: 'istio-system' }, spec: { action: 'ALLOW' } }]);
    expect(keys({ target: { scope: 'NAMESPACES', namespaces: ['shop', 'pay'] } })).toEqual(['shop/default-deny', 'pay/default-deny']);
    expect(written(defaultDeny, { target: { scope: 'WORKLOADS', namespace: 'shop', labels: { app: 'cart' } } })[0]?.['spec']).toEqual({ selector: { matchLabels: { app: 'cart' } }, action: 'ALLOW' });
  });

  it('keeps open what is named', () => {
    expect(written(defaultDeny, { target: { scope: 'MESH' }, keepOpen: [{ namespace: 'edge', labels: { istio: 'ingressgateway' } }] })[1]).toMatchObject({
      metadata: { name: 'default-deny-open-1', namespace: 'edge' },
      spec: { selector: { matchLabels: { istio: 'ingressgateway' } }, action: 'ALLOW', rules: [{}] },
    });
  });

  it('in ambient mode closes the waypoints, and lets them through to the workloads', () => {
    const waypoints = [{ namespace: 'shop', name: 'waypoint' }, { namespace: 'pay', name: 'front' }];
    const objects = written(defaultDeny, { target: { scope: 'NAMESPACES', namespaces: ['shop'] }, waypoints, trustDomain: 'prod.example.com' });
    expect(objects.map(({ metadata, ...rest }) => [`${metadata.namespace ?? ''}/${metadata.name ?? ''}`, rest['spec']])).toEqual([
      ['shop/default-deny', { action: 'ALLOW' }],
      ['shop/default-deny-waypoints', { action: 'ALLOW', rules: [{ from: [{ source: { principals: ['prod.example.com/ns/shop/sa/waypoint', 'prod.example.com/ns/pay/sa/front'] } }] }] }],
      ['shop/default-deny-at-waypoints', { targetRefs: [{ group: 'gateway.networking.k8s.io', kind: 'Gateway', name: 'waypoint' }], action: 'ALLOW' }],
      ['pay/default-deny-at-waypoints', { targetRefs: [{ group: 'gateway.networking.k8s.io', kind: 'Gateway', name: 'front' }], action: 'ALLOW' }],
    ]);
  });

  it('spreads more waypoints than one object may name', () => {
    const waypoints = Array.from({ length: 33 }, (_, at) => ({ namespace: 'shop', name: `w${String(at)}` }));
    expect(keys({ target: { scope: 'NAMESPACES', namespaces: ['shop'] }, waypoints }).slice(2)).toEqual(['shop/default-deny-at-waypoints', 'shop/default-deny-at-waypoints-2', 'shop/default-deny-at-waypoints-3']);
  });

  it('in a dry run writes nothing that is enforced: one ALLOW policy for the waypoints would close the workloads to all others', () => {
    const objects = written(defaultDeny, { target: { scope: 'MESH' }, dryRun: true, keepOpen: [{ namespace: 'edge', labels: { app: 'gw' } }], waypoints: [{ namespace: 'shop', name: 'waypoint' }] });
    expect(objects).toHaveLength(4);
    for (const { metadata } of objects) expect(metadata.annotations).toEqual({ 'istio.io/dry-run': 'true' });
  });

  it('refuses doubles', () => {
    const one = { namespace: 'edge', labels: { a: '1', b: '2' } };
    expect(refused(defaultDeny, { target: { scope: 'MESH' }, keepOpen: [one, { namespace: 'edge', labels: { b: '2', a: '1' } }] })).toEqual(['keepOpen: Name each group of workloads once']);
    expect(refused(defaultDeny, { target: { scope: 'MESH' }, waypoints: [{ namespace: 'a', name: 'w' }, { namespace: 'a', name: 'w' }] })).toEqual(['waypoints: Name each waypoint once']);
  });
});

describe('only through the waypoint', () => {
  it('lets the waypoints’ identities in, and nobody else', () => {
    expect(written(waypointOnly, { target: { scope: 'WORKLOADS', namespace: 'shop', labels: { app: 'cart' } }, waypoints: [{ namespace: 'infra', name: 'shared' }] })).toEqual([
      {
        apiVersion: 'security.istio.io/v1',
        kind: 'AuthorizationPolicy',
        metadata: { name: 'waypoint-only', namespace: 'shop' },
        spec: { selector: { matchLabels: { app: 'cart' } }, action: 'ALLOW', rules: [{ from: [{ source: { principals: ['cluster.local/ns/infra/sa/shared'] } }] }] },
      },
    ]);
  });
});
