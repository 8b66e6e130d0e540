export * from './kinds.ts';
export { istioCatalogue } from './catalogue.ts';
export { ISTIO_DEPRECATED_FIELDS } from './deprecated-fields.ts';
export { ISTIO_MANAGED_GROUPS } from './managed-groups.ts';
export { istioPresets } from './presets/index.ts';
export { blastRadius } from './reach/blast-radius.ts';
export type { BlastRadius } from './reach/blast-radius.ts';
export { CONTENT_KINDS, contentsOf } from './reach/cluster-contents.ts';
export type { ClusterContents } from './reach/cluster-contents.ts';
