export * from './kinds.ts';
export { LINKERD_MANAGED_GROUPS } from './managed-groups.ts';
export { linkerdPresets } from './presets/index.ts';
