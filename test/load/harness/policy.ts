import type { GraphqlClient } from '../../../apps/demo/src/graphql-client.ts';

/** A VirtualService of some 400 bytes whose timeout is its version. */
export function timeoutPolicy(name: string, version: number, selector: string): Record<string, unknown> {
  return {
    name,
    placement: { clusterSelector: selector },
    manifests: `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: ${name}, namespace: shop }
spec:
  hosts: [${name}]
  http:
    - timeout: ${version}ms
      retries: { attempts: 2, perTryTimeout: 1s, retryOn: "connect-failure,refused-stream" }
      route:
        - destination: { host: ${name}, subset: stable }
          weight: 90
        - destination: { host: ${name}, subset: canary }
          weight: 10
`,
  };
}

export async function applyPolicy(client: GraphqlClient, input: Record<string, unknown>): Promise<void> {
  const { policyApply } = await client.request<{ policyApply: { userErrors: { message: string }[] } }>(
    'mutation ($input: PolicyApplyInput!) { policyApply(input: $input) { userErrors { message } } }',
    // The clusters of a bench have none of the services that its routes name.
    { input: { force: true, ...input } },
  );
  const [problem] = policyApply.userErrors;
  if (problem !== undefined) throw new Error(problem.message);
}
