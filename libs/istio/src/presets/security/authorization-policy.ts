import { presentFields } from '@meshfleet/manifest';
import type { JsonObject, KubeObject } from '@meshfleet/model';
import type { AuthorizationRule } from '../parameters/authorization-rule.ts';
import { attachmentOf } from '../parameters/policy-target.ts';
import type { PolicyTarget } from '../parameters/policy-target.ts';

export type AuthorizationAction = 'ALLOW' | 'DENY' | 'AUDIT';

export interface AuthorizationIntent {
  readonly name: string;
  readonly target: PolicyTarget;
  readonly action: AuthorizationAction;
  /** Native rules. None and ALLOW: nobody is let in. */
  readonly rules: readonly JsonObject[];
  /** Evaluated and logged, not enforced. */
  readonly dryRun?: boolean;
}

/** One AuthorizationPolicy per namespace of the target. */
export function authorizationPolicies({ name, target, action, rules, dryRun = false }: AuthorizationIntent): KubeObject[] {
  const { namespaces, spec } = attachmentOf(target);
  return namespaces.map((namespace) => ({
    apiVersion: 'security.istio.io/v1',
    kind: 'AuthorizationPolicy',
    metadata: { name, namespace, ...(dryRun ? { annotations: { 'istio.io/dry-run': 'true' } } : {}) },
    spec: { ...spec, action, ...(rules.length === 0 ? {} : { rules }) },
  }));
}

/** A rule in Istio's words. Service accounts become principals of the trust domain: every version of istiod and ztunnel knows those. */
export function nativeRule(rule: AuthorizationRule, trustDomain: string): JsonObject {
  const principals = (accounts: readonly string[] | undefined): string[] | undefined => accounts?.map((account) => principalOf(account, trustDomain));
  const numbers = (ports: readonly number[] | undefined): string[] | undefined => ports?.map(String);
  return presentFields({
    from: rule.from?.map((source) => ({
      source: presentFields({
        principals: principals(source.serviceAccounts),
        notPrincipals: principals(source.exceptServiceAccounts),
        namespaces: source.namespaces,
        notNamespaces: source.exceptNamespaces,
        ipBlocks: source.ipBlocks,
        notIpBlocks: source.exceptIpBlocks,
        remoteIpBlocks: source.remoteIpBlocks,
        notRemoteIpBlocks: source.exceptRemoteIpBlocks,
      }),
    })),
    to: rule.to?.map((operation) => ({
      operation: presentFields({
        hosts: operation.hosts,
        notHosts: operation.exceptHosts,
        ports: numbers(operation.ports),
        notPorts: numbers(operation.exceptPorts),
        methods: operation.methods,
        notMethods: operation.exceptMethods,
        paths: operation.paths,
        notPaths: operation.exceptPaths,
      }),
    })),
    when: rule.when?.map(({ key, values, exceptValues }) => presentFields({ key, values, notValues: exceptValues })),
  });
}

/** `shop/checkout` as the identity that its certificate carries. */
export function principalOf(account: string, trustDomain: string): string {
  const slash = account.indexOf('/');
  return `${trustDomain}/ns/${account.slice(0, slash)}/sa/${account.slice(slash + 1)}`;
}
