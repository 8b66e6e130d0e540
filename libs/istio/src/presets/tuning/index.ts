import type { Preset } from '@meshfleet/manifest';
import { namespaceInjection } from './namespace-injection.ts';
import { proxyResources } from './proxy-resources.ts';
import { sidecarScope } from './sidecar-scope.ts';
import { workloadInjection } from './workload-injection.ts';

export const tuningPresets: readonly Preset[] = [sidecarScope, proxyResources, namespaceInjection, workloadInjection];
