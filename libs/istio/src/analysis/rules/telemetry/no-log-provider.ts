import { fact } from '../../engine/index-of.ts';
import { defineRule } from '../../engine/rule.ts';
import { KIND } from '../../input/kinds.ts';
import { at, list } from '../../read-value.ts';

/** Telemetries that turn on access logs without saying where to. */
export const noLogProvider = defineRule({
  code: 'IST0157',
  name: 'InvalidTelemetryProvider',
  severity: 'WARNING',
  title: 'Access logs go nowhere',
  why: 'Neither the Telemetry nor the mesh configuration names a provider, so nothing is logged.',
  fix: 'Add providers: [{name: envoy}], or set defaultProviders.accessLogging in the mesh configuration.',
  example: `
apiVersion: telemetry.istio.io/v1
kind: Telemetry
metadata: {name: logs, namespace: shop}
spec: {accessLogging: [{filter: {expression: response.code >= 500}}]}
`,
  on: [KIND.Telemetry],
  reads: { meshConfig: fact('meshConfig') },
  *evaluate(subject, read) {
    const config = read.meshConfig();
    if (config === undefined || list(at(config, 'defaultProviders', 'accessLogging')).length > 0) return;
    for (const [i, logging] of list(at(subject.spec, 'accessLogging')).entries()) {
      if (at(logging, 'disabled') === true || list(at(logging, 'providers')).length > 0) continue;
      yield { path: `spec.accessLogging[${i}]`, message: 'Access logging names no provider, and the mesh has no default one' };
    }
  },
});
