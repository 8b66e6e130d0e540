import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { istioKinds, gatewayApiKinds, sailKinds } from '@meshfleet/istio';
import { parseAllDocuments } from 'yaml';
import { isMetadataKind } from '@meshfleet/model';
import { MESH_KINDS } from './observe/watched-kinds.ts';

const read = (path: string): string => readFileSync(new URL(`../../../deploy/agent/${path}`, import.meta.url), 'utf8');
interface Rule {
  readonly apiGroups: string[];
  readonly resources: string[];
  readonly verbs: string[];
}
const rulesOf = (text: string): Rule[] => (parseAllDocuments(text.replace(/^.*\{\{.*$/gm, ''))[0]?.toJS() as { rules: Rule[] }).rules;

describe('what deploy/agent grants', () => {
  const rules = rulesOf(read('manifests/cluster-role.yaml'));

  it('is the same by manifests and by chart', () => {
    expect(rulesOf(read('chart/templates/cluster-role.yaml'))).toEqual(rules);
    expect(rulesOf(read('chart/templates/role.yaml'))).toEqual(rulesOf(read('manifests/role.yaml')));
  });

  it('has no wildcard, no secrets across the cluster, writes nothing but mesh kinds, and labels where it may not do more', () => {
    const plurals: Readonly<Record<string, string>> = { namespaces: 'Namespace', services: 'Service', daemonsets: 'DaemonSet', deployments: 'Deployment', statefulsets: 'StatefulSet' };
    for (const rule of rules) {
      expect([...rule.apiGroups, ...rule.resources, ...rule.verbs]).not.toContain('*');
      expect(rule.resources).not.toContain('secrets');
      const writes = rule.verbs.filter((verb) => !['get', 'list', 'watch'].includes(verb));
      if (writes.length === 0 || MESH_KINDS.has(rule.apiGroups[0] ?? '')) continue;
      expect(writes).toEqual(['patch']);
      for (const plural of rule.resources) expect(isMetadataKind(rule.apiGroups[0] ?? '', plurals[plural] ?? ''), plural).toBe(true);
    }
    expect(rulesOf(read('manifests/role.yaml')).find((rule) => rule.resources.includes('secrets'))?.verbs).toEqual(['get', 'create', 'update']);
  });

  it('covers every kind that policies may hold', () => {
    for (const kind of [...istioKinds(), ...gatewayApiKinds('experimental'), ...sailKinds()]) {
      expect(MESH_KINDS.get(kind.group), `${kind.group} ${kind.kind}`).toContain(kind.kind);
      const rule = rules.find((each) => each.apiGroups.includes(kind.group));
      expect(rule?.resources, kind.kind).toContain(kind.plural);
      expect(rule?.verbs).toEqual(['get', 'list', 'watch', 'create', 'patch', 'delete']);
    }
  });

  it('runs restricted', () => {
    const text = read('manifests/deployment.yaml');
    for (const words of ['runAsNonRoot: true', 'allowPrivilegeEscalation: false', 'readOnlyRootFilesystem: true', 'drop: [ALL]', 'type: RuntimeDefault']) {
      expect(text).toContain(words);
      expect(read('chart/templates/deployment.yaml')).toContain(words);
    }
  });
});
