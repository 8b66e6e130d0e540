export * from './kinds.ts';
export { istioCatalogue } from './catalogue.ts';
export { ISTIO_DEPRECATED_FIELDS } from './deprecated-fields.ts';
export { ISTIO_MANAGED_GROUPS } from './managed-groups.ts';
export { istioPresets } from './presets/index.ts';
