/** The input of one of the three mutations that change a policy, by the argument of `policyPreview` that takes it. */
export type RandomChange = { readonly apply: { readonly name: string; readonly [field: string]: unknown } } | { readonly delete: { readonly name: string } } | { readonly rollBack: { readonly name: string; readonly version: number } };

const NAMES = ['p1', 'p2', 'p3', 'p4'] as const;
const HOSTS = ['a.example.com', 'b.example.com', '${cluster.name}.example.com', '${cluster.labels.team}.example.com', '${cluster.labels.team:-nobody}.example.com', '${var.host}'] as const;

/** A change of some policy, at random; some are refused, and some bring errors or end them. */
export function randomChange(roll: () => number, newest: ReadonlyMap<string, number>): RandomChange {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(roll() * list.length)] as T; // lists are never empty
  const name = pick(NAMES);
  const how = { ...(roll() < 0.5 ? { force: true } : roll() < 0.3 ? { ignoreFindings: [pick(['IST0101', 'IST0174'])] } : {}), ...(roll() < 0.1 ? { ignoreFreeze: true } : {}) };
  if (roll() < 0.15) return { delete: { name, ...how } };
  // Of its versions, or one that is not there.
  if (roll() < 0.2) return { rollBack: { name, version: 1 + Math.floor(roll() * ((newest.get(name) ?? 0) + 1)), ...how } };
  const entry = (object: string): string => `apiVersion: networking.istio.io/v1\nkind: ServiceEntry\nmetadata: {name: "${object}", namespace: shop}\nspec: {hosts: ["${pick(HOSTS)}"], resolution: DNS, ports: [{number: 443, name: https, protocol: HTTPS}]}\n`;
  const some = ['e1', 'e2', 'e3', 'e-${cluster.region}'].filter(() => roll() < 0.4);
  const objects = [...some.map(entry), ...(roll() < 0.4 ? [rule(pick)] : []), ...(roll() < 0.4 ? [route(pick)] : [])];
  const native = { manifests: (objects.length === 0 ? [entry('e1')] : objects).join('---\n'), variables: [{ name: 'host', default: 'default.example.com', values: [{ clusterSelector: 'env=prod', value: 'prod.example.com' }] }] };
  const preset = { preset: { name: 'strict-mutual-tls', parameters: { target: { scope: 'NAMESPACES', namespaces: ['shop'] } } } };
  const patches = roll() < 0.2 ? { patches: [{ clusterSelector: 'env=dev', target: { kind: 'ServiceEntry' }, type: 'MERGE', patch: 'spec: {location: MESH_EXTERNAL}' }] } : {};
  const placement = {
    ...(roll() < 0.85 ? { clusterSelector: pick(['', 'env=prod', 'team', '!env', 'env in (dev)']) } : {}),
    ...(roll() < 0.3 ? { clusterNames: [pick(['c1', 'c4', 'c9'])] } : {}),
    ...(roll() < 0.2 ? { count: 2 } : {}),
    ...(roll() < 0.2 ? { excludeClusterNames: ['c0'] } : {}),
  };
  const takeOver = roll() < 0.3 && some.includes('e1') ? { takeOver: [{ object: 'ServiceEntry.networking.istio.io/shop/e1', ...(roll() < 0.5 ? { fields: ['.spec.hosts'] } : {}) }] } : {};
  const expected = roll() < 0.1 ? { expectedVersion: pick([0, 1, newest.get(name) ?? 0]) } : {};
  return { apply: { name, ...(roll() < 0.1 ? preset : { ...native, ...patches, ...takeOver }), placement, allowPartial: true, drift: pick(['CORRECT', 'REPORT']), conflicts: pick(['REPORT', 'FORCE']), ...expected, ...how } };
}

type Pick = <T>(list: readonly T[]) => T;

/** Subsets that routes name, or lack. */
function rule(pick: Pick): string {
  const host = pick(['web', 'cart', '${cluster.labels.team:-web}']);
  const subsets = pick([['v1'], ['v1', 'v2'], ['v2']]).map((version) => `{name: ${version}, labels: {version: ${version}}}`);
  return `apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: rule, namespace: shop}\nspec: {host: "${host}", subsets: [${subsets.join(', ')}]}\n`;
}

function route(pick: Pick): string {
  const destination = pick(['{host: web}', '{host: web, subset: v1}', '{host: cart, subset: v2}', '{host: nowhere}', '{host: cart.shop.svc.cluster.local}']);
  const gateways = pick(['', 'gateways: [istio-system/edge], ', 'gateways: [mesh, istio-system/edge], ', 'gateways: [istio-system/none], ']);
  return `apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: route, namespace: shop}\nspec: {hosts: [${pick(['web', 'shop.example.com'])}], ${gateways}http: [{route: [{destination: ${destination}}]}]}\n`;
}
