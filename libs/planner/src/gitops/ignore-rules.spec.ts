import type { KubeObject } from '@meshfleet/model';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ignoreRules } from './ignore-rules.ts';
import { ownedPaths } from './owned-paths.ts';

const checkout: KubeObject = {
  apiVersion: 'networking.istio.io/v1',
  kind: 'VirtualService',
  metadata: { name: 'checkout.v2', namespace: 'shop', annotations: { 'team.io/owner': 'payments' } },
  spec: { hosts: ['checkout'], http: [{ route: [{ destination: { host: 'checkout' } }] }], exportTo: [] },
};
const tenant: KubeObject = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop', labels: { 'istio.io/rev': 'stable' } } };

describe('the rules that make GitOps tools leave our fields alone', () => {
  it('tell Argo CD the field manager, for every object, and to respect it when it syncs', () => {
    expect(ignoreRules('ARGO_CD_APPLICATION', [checkout, tenant])).toEqual({
      spec: {
        ignoreDifferences: [
          { group: 'networking.istio.io', kind: 'VirtualService', namespace: 'shop', name: 'checkout.v2', managedFieldsManagers: ['meshfleet'] },
          { group: '', kind: 'Namespace', name: 'shop', managedFieldsManagers: ['meshfleet'] },
        ],
        syncPolicy: { syncOptions: ['RespectIgnoreDifferences=true'] },
      },
    });
  });

  it('name each kind once in the settings of all applications', () => {
    const { data } = ignoreRules('ARGO_CD_CONFIG_MAP', [checkout, { ...checkout, metadata: { name: 'other', namespace: 'shop' } }, tenant]) as { data: object };
    expect(Object.keys(data)).toEqual([
      'resource.customizations.ignoreDifferences._Namespace',
      'resource.customizations.ignoreDifferences.networking.istio.io_VirtualService',
    ]);
  });

  it('tell Flux the fields, by pointer, of exactly that object', () => {
    const rule = { paths: ['/metadata/annotations/team.io~1owner', '/spec/exportTo', '/spec/hosts', '/spec/http'], target: { group: 'networking\\.istio\\.io', kind: 'VirtualService', namespace: 'shop', name: 'checkout\\.v2' } };
    expect(ignoreRules('FLUX_KUSTOMIZATION', [checkout])).toEqual({ spec: { ignore: [rule] } });
    expect(ignoreRules('FLUX_HELM_RELEASE', [checkout])).toEqual({ spec: { driftDetection: { mode: 'enabled', ignore: [rule] } } });
    expect(ignoreRules('FLUX_KUSTOMIZATION', [tenant])).toEqual({ spec: { ignore: [{ paths: ['/metadata/labels/istio.io~1rev'], target: { kind: 'Namespace', name: 'shop' } }] } });
  });

  it('point at something that the object has, whatever its fields are called', () => {
    const tree = fc.letrec((tie) => ({ map: fc.dictionary(fc.string({ minLength: 1 }), fc.oneof({ maxDepth: 3 }, fc.integer(), fc.constant([1]), tie('map')), { maxKeys: 4 }) }));
    fc.assert(
      fc.property(tree.map, (spec) => {
        const object: KubeObject = { apiVersion: 'v1', kind: 'Thing', metadata: { name: 'a' }, spec };
        for (const path of ownedPaths(object)) {
          const steps = path.split('/').slice(1).map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
          expect(steps.reduce<unknown>((at, step) => (at as Record<string, unknown>)[step], object)).toBeDefined();
        }
      }),
    );
  });
});
