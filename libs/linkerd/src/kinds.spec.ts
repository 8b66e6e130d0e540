import { compileSchema, formatViolation, storageVersion } from '@meshfleet/manifest';
import type { Json } from '@meshfleet/model';
import { describe, expect, it } from 'vitest';
import { linkerdCatalogue, linkerdCustomResourceDefinitions, linkerdKinds } from './kinds.ts';

describe('the facts of Linkerd’s kinds', () => {
  it('cover policy, profiles, workloads and links', () => {
    expect(linkerdKinds().map((kind) => kind.kind)).toEqual(expect.arrayContaining(['Server', 'AuthorizationPolicy', 'HTTPRoute', 'ServiceProfile', 'ExternalWorkload', 'Link']));
    for (const kind of linkerdKinds()) expect(kind.versions.filter((version) => version.storage), kind.kind).toHaveLength(1);
  });

  it('judge a Server as a cluster would', () => {
    const server = linkerdCatalogue().find('policy.linkerd.io', 'Server');
    if (server === undefined) expect.unreachable();
    const schema = compileSchema(storageVersion(server).schema);
    const judge = (spec: Json): string[] => schema.validate({ apiVersion: 'policy.linkerd.io/v1beta3', kind: 'Server', metadata: { name: 'a' }, spec }).map(formatViolation);
    expect(judge({ podSelector: { matchLabels: { app: 'reviews' } }, port: 'http' })).toEqual([]);
    expect(judge({ podSelector: {} })).toEqual(['spec.port: Required value']);
  });

  it('make definitions named as Kubernetes wants them', () => {
    expect(linkerdCustomResourceDefinitions().map((definition) => definition.metadata.name)).toContain('links.multicluster.linkerd.io');
  });
});
