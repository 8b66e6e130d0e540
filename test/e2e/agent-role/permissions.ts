import type { AuditedRequest } from '@meshfleet/cluster-real';
import { readFileSync } from 'node:fs';
import { parseAllDocuments } from 'yaml';

interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
}

/** `patch virtualservices.networking.istio.io`, of every permission that deploy/agent grants. */
export function grantedPermissions(): string[] {
  return ['cluster-role.yaml', 'role.yaml'].flatMap((file) => {
    const text = readFileSync(new URL(`../../../deploy/agent/manifests/${file}`, import.meta.url), 'utf8');
    // Our own manifest: the role is its first document.
    const { rules } = parseAllDocuments(text)[0]?.toJS() as { rules: readonly Rule[] };
    return rules.flatMap(({ apiGroups, resources, verbs }) =>
      apiGroups.flatMap((group) => resources.flatMap((resource) => verbs.map((verb) => permission(verb, resource, group)))),
    );
  });
}

/** Those that the agent's requests needed. */
export function usedPermissions(requests: readonly AuditedRequest[]): Set<string> {
  const used = new Set<string>();
  for (const { verb, resource, group, code } of requests) {
    if (resource === '' || code >= 400) continue;
    used.add(permission(verb, resource, group));
    // A server-side apply that makes an object is allowed as `create` as well, and recorded as `patch`.
    if (verb === 'patch' && code === 201) used.add(permission('create', resource, group));
  }
  return used;
}

function permission(verb: string, resource: string, group: string): string {
  return `${verb} ${resource}${group === '' ? '' : `.${group}`}`;
}
