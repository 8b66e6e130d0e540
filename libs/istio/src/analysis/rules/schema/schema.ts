import { compileSchema, findVersion, formatViolation } from '@meshfleet/manifest';
import type { SchemaViolation } from '@meshfleet/manifest';
import type { JsonObject } from '@meshfleet/model';
import { parseApiVersion } from '@meshfleet/model';
import { istioCatalogue } from '../../../catalogue.ts';
import { defineRule } from '../../engine/rule.ts';
import type { Problem } from '../../engine/rule.ts';
import { KIND } from '../../input/kinds.ts';
import type { Resource } from '../../input/resource.ts';
import { webhookProblems } from './webhook/webhook-problems.ts';

/** Objects that API servers or istiod's validation webhook would refuse. */
export const schema = defineRule({
  code: 'IST0106',
  name: 'SchemaValidationError',
  severity: 'ERROR',
  title: 'Object is not valid',
  why: 'The API server refuses it, or istiod does when its validation webhook is there. Where neither has looked, istiod leaves the object out.',
  fix: 'Change the value as the message says.',
  example: `
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: default, namespace: shop}
spec: {mtls: {mode: strict}}
`,
  on: [
    KIND.DestinationRule, KIND.EnvoyFilter, KIND.Gateway, KIND.ServiceEntry, KIND.Sidecar, KIND.VirtualService, KIND.WorkloadEntry,
    KIND.AuthorizationPolicy, KIND.PeerAuthentication, KIND.RequestAuthentication, KIND.Telemetry, KIND.WasmPlugin,
    KIND.KubeGateway, KIND.HTTPRoute, KIND.GRPCRoute, KIND.SailIstio,
  ],
  reads: {},
  *evaluate(subject) {
    // What an API server holds has passed its schema; checking that again for each object of a cluster would only cost.
    const violations = subject.admitted ? [] : violationsOf(subject);
    yield* violations.map((violation): Problem => ({ message: formatViolation(violation), ...(violation.path.startsWith('spec') ? { path: violation.path } : {}) }));
    if (violations.length === 0) yield* webhookProblems(subject);
  },
});

function violationsOf({ apiVersion, kind, name, namespace, spec }: Resource): readonly SchemaViolation[] {
  const { group, version } = parseApiVersion(apiVersion);
  const facts = istioCatalogue('experimental').find(group, kind.slice(0, kind.indexOf('.')));
  const found = facts === undefined ? undefined : findVersion(facts, version);
  if (found === undefined || facts === undefined) return [];
  const compiled = compileSchema(found.schema);
  const object: JsonObject = { apiVersion, kind: facts.kind, metadata: { name, namespace }, spec: spec ?? {} };
  const violations = compiled.validate(compiled.applyDefaults(object));
  // Beside a violation the server also says that it left rules unchecked: nothing that anybody could mend.
  return violations.length === 1 ? violations : violations.filter(({ message }) => !message.includes('some validation rules were not checked'));
}
