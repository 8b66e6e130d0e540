import type { JsonObject, KubeObject } from '@meshfleet/model';
import { FIELD_MANAGER, objectKeyOf } from '@meshfleet/model';
import { ownedPaths } from './owned-paths.ts';

/** The field manager under which agents apply. */

export const GITOPS_TOOLS = ['ARGO_CD_APPLICATION', 'ARGO_CD_CONFIG_MAP', 'ARGO_CD_PROJECT', 'FLUX_KUSTOMIZATION', 'FLUX_HELM_RELEASE'] as const;
export type GitopsTool = (typeof GITOPS_TOOLS)[number];

/**
 * What to merge into a GitOps tool's own resources so that it neither reports nor undoes what Meshfleet writes into
 * objects that the tool also has.
 *
 * - Argo CD compares whole objects and can leave out what a field manager owns (`managedFieldsManagers`, since 2.2); it
 *   also has to be told to leave those fields out when it syncs (`RespectIgnoreDifferences`). Objects that only Meshfleet
 *   creates are orphans to a project that watches for them.
 * - Flux names fields: `spec.ignore` of a Kustomization (since 2.9), `spec.driftDetection.ignore` of a HelmRelease. Groups
 *   and names in its targets are regular expressions.
 */
export function ignoreRules(tool: GitopsTool, objects: readonly KubeObject[]): JsonObject {
  switch (tool) {
    case 'ARGO_CD_APPLICATION':
      return { spec: { ignoreDifferences: objects.map(argoRule), syncPolicy: { syncOptions: ['RespectIgnoreDifferences=true'] } } };
    case 'ARGO_CD_CONFIG_MAP':
      return {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: 'argocd-cm', namespace: 'argocd' },
        data: Object.fromEntries(
          kindsOf(objects).map(({ group, kind }) => [
            // Without the underscore Argo CD takes the key of a core kind as well, but finds no field managers under it.
            `resource.customizations.ignoreDifferences.${group}_${kind}`,
            `managedFieldsManagers:\n- ${FIELD_MANAGER}\n`,
          ]),
        ),
      };
    case 'ARGO_CD_PROJECT':
      return { spec: { orphanedResources: { warn: true, ignore: objects.map(objectKeyOf).map(({ group, kind, name }) => ({ group, kind, name })) } } };
    case 'FLUX_KUSTOMIZATION':
      return { spec: { ignore: objects.map(fluxRule) } };
    case 'FLUX_HELM_RELEASE':
      return { spec: { driftDetection: { mode: 'enabled', ignore: objects.map(fluxRule) } } };
  }
}

function argoRule(object: KubeObject): JsonObject {
  const { group, kind, namespace, name } = objectKeyOf(object);
  return { group, kind, ...(namespace === '' ? {} : { namespace }), name, managedFieldsManagers: [FIELD_MANAGER] };
}

function fluxRule(object: KubeObject): JsonObject {
  const { group, kind, namespace, name } = objectKeyOf(object);
  const target = { ...(group === '' ? {} : { group: literal(group) }), kind, ...(namespace === '' ? {} : { namespace: literal(namespace) }), name: literal(name) };
  return { paths: ownedPaths(object), target };
}

/** Groups and names hold letters, digits, dashes and dots: of these only the dot means something else to a regular expression. */
const literal = (name: string): string => name.replaceAll('.', '\\.');

function kindsOf(objects: readonly KubeObject[]): { group: string; kind: string }[] {
  const kinds = new Map(objects.map(objectKeyOf).map(({ group, kind }) => [`${group}/${kind}`, { group, kind }]));
  return [...kinds].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, kind]) => kind);
}
