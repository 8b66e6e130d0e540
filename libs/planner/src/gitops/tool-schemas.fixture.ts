import type { SchemaNode } from '@meshfleet/manifest';

// The parts of the tools' resources that our rules are merged into, as their API types say them: Argo CD 3
// (ResourceIgnoreDifferences, SyncPolicy, OrphanedResourcesMonitorSettings), Flux's helm-controller v2 (DriftDetection,
// IgnoreRule) and kustomize-controller v1 of Flux 2.9 (IgnoreRule, with the selector of patches).
const text: SchemaNode = { type: 'string' };
const texts: SchemaNode = { type: 'array', items: text };

const fluxRules: SchemaNode = {
  type: 'array',
  items: {
    type: 'object',
    required: ['paths'],
    properties: {
      paths: texts,
      target: { type: 'object', properties: { annotationSelector: text, group: text, kind: text, labelSelector: text, name: text, namespace: text, version: text } },
    },
  },
};

const spec = (properties: Record<string, SchemaNode>): SchemaNode => ({ type: 'object', properties: { spec: { type: 'object', properties } } });

export const APPLICATION = spec({
  ignoreDifferences: { type: 'array', items: { type: 'object', required: ['kind'], properties: { group: text, jqPathExpressions: texts, jsonPointers: texts, kind: text, managedFieldsManagers: texts, name: text, namespace: text } } },
  syncPolicy: { type: 'object', properties: { syncOptions: texts } },
});

export const PROJECT = spec({
  orphanedResources: { type: 'object', properties: { warn: { type: 'boolean' }, ignore: { type: 'array', items: { type: 'object', properties: { group: text, kind: text, name: text } } } } },
});

/** What a value of `resource.customizations.ignoreDifferences.*` in argocd-cm says. */
export const OVERRIDE: SchemaNode = { type: 'object', properties: { jqPathExpressions: texts, jsonPointers: texts, managedFieldsManagers: texts } };

export const KUSTOMIZATION = spec({ ignore: fluxRules });

export const HELM_RELEASE = spec({ driftDetection: { type: 'object', properties: { mode: { type: 'string', enum: ['enabled', 'warn', 'disabled'] }, ignore: fluxRules } } });
