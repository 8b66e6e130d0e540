import { checkManifests, managedGroups, parseManifests } from '@meshfleet/manifest';
import type { CheckResult } from '@meshfleet/manifest';
import { formatObjectKey } from '@meshfleet/model';
import { describe, expect, it } from 'vitest';
import { BOOK_SHOP } from './bookinfo.fixture.ts';
import { istioCatalogue } from './catalogue.ts';
import { ISTIO_MANAGED_GROUPS } from './managed-groups.ts';

function check(text: string, defaultNamespace?: string): CheckResult {
  const { documents, problems } = parseManifests(text);
  expect(problems).toEqual([]);
  return checkManifests(documents, istioCatalogue(), { manages: managedGroups(...ISTIO_MANAGED_GROUPS), ...(defaultNamespace === undefined ? {} : { defaultNamespace }) });
}

const brief = (text: string): string[] => check(text).problems.map(({ code, where, summary, fix }) => `${code} ${where.document} ${where.line}: ${summary} | ${fix}`);

const service = (spec: string, head = 'name: a\n  namespace: shop'): string => `apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata:\n  ${head}\nspec:\n${spec}`;
const rule = (spec: string): string => `apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: a, namespace: shop}\nspec:\n${spec}`;

describe('a book shop’s manifests', () => {
  const { objects, problems, warnings } = check(BOOK_SHOP, 'shop');

  it('are all accepted, with the default namespace where none is named', () => {
    expect(problems).toEqual([]);
    expect(objects.map(({ key }) => formatObjectKey(key))).toEqual([
      'Gateway.networking.istio.io/shop/shop-gateway',
      'VirtualService.networking.istio.io/shop/shop',
      'VirtualService.networking.istio.io/shop/reviews',
      'DestinationRule.networking.istio.io/shop/reviews',
      'ServiceEntry.networking.istio.io/payments/books-api',
      'PeerAuthentication.security.istio.io/istio-system/default',
    ]);
  });

  it('are kept in the preferred version, without anything of a server’s', () => {
    expect(objects.map(({ object }) => object.apiVersion)).toEqual([...Array<string>(5).fill('networking.istio.io/v1'), 'security.istio.io/v1']);
    expect(objects.at(-1)?.object).toEqual({
      apiVersion: 'security.istio.io/v1',
      kind: 'PeerAuthentication',
      metadata: { name: 'default', namespace: 'istio-system' },
      spec: { mtls: { mode: 'STRICT' } },
    });
  });

  it('get a warning with its line for each thing that is old or left out', () => {
    expect(warnings.map(({ code, where, summary }) => `${code} ${where.document} ${where.line}: ${summary}`)).toEqual([
      'MANIFEST_DEPRECATED 1 2: networking.istio.io/v1beta1 is an older version of Gateway',
      'MANIFEST_DEPRECATED 2 14: networking.istio.io/v1alpha3 is an older version of VirtualService',
      'MANIFEST_DEPRECATED 4 68: spec.trafficPolicy.outlierDetection.consecutiveErrors is deprecated',
      'MANIFEST_STRIPPED 5 97: metadata.uid is left out',
      'MANIFEST_STRIPPED 5 98: metadata.resourceVersion is left out',
      'MANIFEST_STRIPPED 5 99: metadata.creationTimestamp is left out',
      'MANIFEST_STRIPPED 5 101: The annotation kubectl.kubernetes.io/last-applied-configuration is left out',
      'MANIFEST_STRIPPED 5 105: status is left out',
      'MANIFEST_DEPRECATED 5 92: security.istio.io/v1beta1 is an older version of PeerAuthentication',
    ]);
  });

  it('hash the same in whatever version and order they are written', () => {
    const again = check(BOOK_SHOP.replace('v1beta1\nkind: Gateway', 'v1\nkind: Gateway').replace('kind: Gateway\nmetadata:\n  name: shop-gateway\n', 'metadata:\n  name: shop-gateway\nkind: Gateway\n'), 'shop');
    expect(again.objects.map(({ hash }) => hash)).toEqual(objects.map(({ hash }) => hash));
  });
});

describe('manifests are refused with document, line and a way out', () => {
  const route = '  hosts: [a]\n  http:\n  - route:\n    - destination: {host: a}\n';
  const cases: [what: string, text: string, answer: string][] = [
    ['a mistyped kind', 'apiVersion: networking.istio.io/v1\nkind: VirtualSerivce\nmetadata: {name: a}\n', 'MANIFEST_UNKNOWN_KIND 1 2: There is no kind VirtualSerivce in networking.istio.io | Did you mean kind: VirtualService with apiVersion: networking.istio.io/v1?'],
    ['a kind of another group', 'apiVersion: networking.istio.io/v1\nkind: PeerAuthentication\nmetadata: {name: a}\n', 'MANIFEST_UNKNOWN_KIND 1 1: There is no kind PeerAuthentication in networking.istio.io | Did you mean kind: PeerAuthentication with apiVersion: security.istio.io/v1?'],
    ['a mistyped group', 'apiVersion: networking.istio.oi/v1\nkind: Foo\nmetadata: {name: a}\n', 'MANIFEST_UNKNOWN_KIND 1 2: There is no kind Foo in networking.istio.oi | Did you mean the group networking.istio.io?'],
    ['a version that does not exist', 'apiVersion: networking.istio.io/v2\nkind: Gateway\nmetadata: {name: a}\n', 'MANIFEST_UNKNOWN_KIND 1 1: Gateway has no version "v2" in networking.istio.io | Write apiVersion: networking.istio.io/v1.'],
    ['a workload', 'apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a, namespace: b}\nspec: {replicas: 1}\n', 'MANIFEST_KIND_NOT_MANAGED 1 4: Policies set labels and annotations of a Deployment, and leave spec.replicas alone | Keep metadata, and spec.template.metadata, with labels and annotations alone.'],
    ['a job', 'apiVersion: batch/v1\nkind: Job\nmetadata: {name: a}\n', 'MANIFEST_KIND_NOT_MANAGED 1 2: Policies do not manage Job of batch | Take the document out of the policy and deploy it as before.'],
    ['no kind', 'apiVersion: v1\nmetadata: {name: a}\n', 'MANIFEST_INVALID 1 1: Document 1 has no kind | Add it, for example: apiVersion: networking.istio.io/v1, kind: VirtualService.'],
    ['no name', service(route, 'namespace: shop'), 'MANIFEST_INVALID 1 3: The VirtualService has no name | Add metadata.name.'],
    ['generateName', service(route, 'generateName: a-\n  namespace: shop'), 'MANIFEST_INVALID 1 4: generateName cannot be used in a policy | Give the object a name.'],
    ['no namespace', service(route, 'name: a'), 'MANIFEST_INVALID 1 3: The VirtualService has no namespace | Add metadata.namespace, or give the policy a default namespace.'],
    ['a namespace where there is none', 'apiVersion: gateway.networking.k8s.io/v1\nkind: GatewayClass\nmetadata:\n  name: a\n  namespace: b\nspec: {controllerName: a.b/c}\n', 'MANIFEST_INVALID 1 5: A GatewayClass belongs to the whole cluster and has no namespace | Remove metadata.namespace.'],
    ['a label that YAML takes for a number', service(route, 'name: a\n  namespace: shop\n  labels:\n    version: 1.0'), 'MANIFEST_INVALID 1 7: The label version is not text but 1 | Put quotes around the value, as you wrote it.'],
    ['a mistyped field of the metadata', service(route, 'name: a\n  namespace: shop\n  lables: {}'), 'MANIFEST_INVALID 1 6: metadata has no field "lables" | Did you mean "labels"?'],
    ['a mistyped field', service('  hosts: [a]\n  http:\n  - rout:\n    - destination: {host: a}\n'), 'MANIFEST_INVALID 1 9: spec.http[0] has no field "rout" | Did you mean "route"?'],
    ['a field on the wrong level', rule('  host: a\n  outlierDetection: {interval: 1s}\n'), 'MANIFEST_INVALID 1 6: spec has no field "outlierDetection" | There is a field spec.subsets[].trafficPolicy.outlierDetection: check the indentation.'],
    ['two of which one may stand', service('  hosts: [a]\n  http:\n  - match:\n    - uri:\n        exact: /a\n        prefix: /b\n    route:\n    - destination: {host: a}\n'), 'MANIFEST_INVALID 1 12: spec.http[0].match[0].uri sets exact and prefix, but only one of them may be set | Set exactly one of exact, prefix, regex.'],
    ['a word in place of another', rule('  host: a\n  trafficPolicy: {loadBalancer: {simple: RANDOMM}}\n'), 'MANIFEST_INVALID 1 6: spec.trafficPolicy.loadBalancer.simple: Unsupported value: "RANDOMM": supported values: "UNSPECIFIED", "LEAST_CONN", "RANDOM", "PASSTHROUGH", "ROUND_ROBIN", "LEAST_REQUEST" | Did you mean RANDOM?'],
    ['quotes around a number', service('  hosts: [a]\n  http:\n  - route:\n    - destination: {host: a}\n      weight: "80"\n'), 'MANIFEST_INVALID 1 11: spec.http[0].route[0].weight: Invalid value: "string": spec.http[0].route[0].weight in body must be of type integer: "string" | Write the value without quotes.'],
    ['a required field', service('  hosts: [a]\n  http:\n  - route:\n    - weight: 1\n'), 'MANIFEST_INVALID 1 10: spec.http[0].route[0].destination: Required value | Add destination.'],
    ['no time', service(`${route}    timeout: soon\n`), "MANIFEST_INVALID 1 11: spec.http[0].timeout: Invalid value: \"string\": type conversion error from 'string' to 'duration' evaluating rule: must be a valid duration greater than 1ms | Change the value as the message says."],
    ['a template in quotes', service(route, 'name: "{{ .Values.name }}"\n  namespace: shop'), 'MANIFEST_TEMPLATED 1 4: Document 1 is a template, not a manifest | Run `helm template` (or your engine) and paste its output. Where clusters differ, make one policy for each group of them.'],
  ];
  it.each(cases)('%s', (_what, text, answer) => {
    expect(brief(text)).toContain(answer);
    expect(check(text).objects).toEqual([]);
  });

  it('two documents with one name, also across versions', () => {
    const text = `${service('  hosts: [a]\n')}---\n${service('  hosts: [b]\n').replace('istio.io/v1', 'istio.io/v1beta1')}`;
    const { problems, objects } = check(text);
    expect(problems.map(({ code, where, summary }) => [code, where.document, where.line, summary])).toEqual([
      ['MANIFEST_DUPLICATE', 2, 12, 'VirtualService.networking.istio.io/shop/a stands twice: on line 1 and on line 9'],
    ]);
    expect(objects).toHaveLength(1);
  });
});

describe('an object is kept as its writer wrote it', () => {
  it('without defaults, and without fields that are empty', () => {
    const text = 'apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: a, namespace: shop, labels: }\nspec:\n  parentRefs:\n  - name: gw\n  hostnames:\n';
    const { objects, problems } = check(text);
    expect(problems).toEqual([]);
    expect(objects[0]?.object).toEqual({ apiVersion: 'gateway.networking.k8s.io/v1', kind: 'HTTPRoute', metadata: { name: 'a', namespace: 'shop' }, spec: { parentRefs: [{ name: 'gw' }] } });
  });

  it('in its own version where another has other fields or none is better', () => {
    const telemetry = (version: string): string => `apiVersion: telemetry.istio.io/${version}\nkind: Telemetry\nmetadata: {name: a, namespace: b}\nspec: {}\n`;
    expect(check(telemetry('v1')).objects[0]?.object.apiVersion).toBe('telemetry.istio.io/v1');
    expect(check(telemetry('v1alpha1')).objects[0]?.object.apiVersion).toBe('telemetry.istio.io/v1');
  });
});
