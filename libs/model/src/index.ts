export * from './canonical-json.ts';
export * from './errors.ts';
export * from './kube-json.ts';
export * from './kubernetes.ts';
export * from './label-selector.ts';
export * from './finding.ts';
export * from './metadata-only.ts';
export * from './schema-prose.ts';
