import type { KubeObject } from '@meshfleet/model';
import { placesOf } from '../parameters/mesh-scope.ts';
import type { MeshScope } from '../parameters/mesh-scope.ts';

export type MutualTlsMode = 'STRICT' | 'PERMISSIVE' | 'DISABLE';

export interface PortMode {
  readonly port: number;
  readonly mode: MutualTlsMode;
}

/**
 * The PeerAuthentications of a scope. That of a mesh or namespace is called `default`, as everybody calls it: of two
 * without selector Istio obeys the older one, so a second one under another name would change nothing and say nothing.
 */
export function peerAuthentications(scope: MeshScope, mode: MutualTlsMode, options: { readonly name?: string | undefined; readonly ports?: readonly PortMode[] } = {}): KubeObject[] {
  const { namespaces, labels } = placesOf(scope);
  const name = labels === undefined ? 'default' : (options.name ?? 'mutual-tls');
  const ports = options.ports ?? [];
  return namespaces.map((namespace) => ({
    apiVersion: 'security.istio.io/v1',
    kind: 'PeerAuthentication',
    metadata: { name, namespace },
    spec: {
      ...(labels === undefined ? {} : { selector: { matchLabels: labels } }),
      mtls: { mode },
      ...(ports.length === 0 ? {} : { portLevelMtls: Object.fromEntries(ports.map((one) => [String(one.port), { mode: one.mode }])) }),
    },
  }));
}
