import { describe, expect, it } from 'vitest';
import { analyze } from '../../analyze.ts';
import { found, inputOf } from '../../from-yaml.fixture.ts';

const namespace = (name: string, labels: string): string => `apiVersion: v1\nkind: Namespace\nmetadata: {name: ${name}, labels: {${labels}}}\n---\n`;
const deployment = (name: string, labels = '', ns = 'shop'): string => `apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: ${name}, namespace: ${ns}}\nspec: {template: {metadata: {labels: {app: ${name}${labels}}}, spec: {containers: [{name: a, image: a}]}}}\n---\n`;
const service = (name: string, ports = '{name: http, port: 80}'): string => `apiVersion: v1\nkind: Service\nmetadata: {name: ${name}, namespace: shop}\nspec: {selector: {app: ${name}}, ports: [${ports}]}\n---\n`;
const peer = (name: string, spec: string, ns = 'shop'): string => `apiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata: {name: ${name}, namespace: ${ns}}\nspec: {${spec}}\n---\n`;
const rule = (policy: string, more = ''): string => `apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: cart, namespace: shop}\nspec: {host: cart, trafficPolicy: {${policy}}${more}}\n---\n`;
const policy = (name: string, spec: string, ns = 'shop', annotations = ''): string => `apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {name: ${name}, namespace: ${ns}, annotations: {${annotations}}}\nspec: {${spec}}\n---\n`;

const SIDECARS = namespace('shop', 'istio-injection: enabled');
const AMBIENT = namespace('shop', 'istio.io/dataplane-mode: ambient');
const STRICT = 'mtls: {mode: STRICT}';

describe('mutual TLS on both sides', () => {
  const conflict = (yaml: string): boolean => found(SIDECARS + service('cart') + deployment('cart') + yaml, ['MF0003']).length > 0;

  it.each([
    ['nobody insists', '', false],
    ['the mesh insists', peer('default', STRICT, 'istio-system'), true],
    ['the namespace insists', peer('default', STRICT), true],
    ['the namespace lets go what the mesh insists on', peer('default', STRICT, 'istio-system') + peer('default', 'mtls: {mode: PERMISSIVE}'), false],
    ['the namespace leaves it to the mesh', peer('default', STRICT, 'istio-system') + peer('default', 'mtls: {mode: UNSET}'), true],
    ['the workload lets go', peer('default', STRICT) + peer('cart', 'selector: {matchLabels: {app: cart}}, mtls: {mode: PERMISSIVE}'), false],
    ['another workload insists', peer('other', `selector: {matchLabels: {app: other}}, ${STRICT}`), false],
    ['the port lets go', peer('cart', `selector: {matchLabels: {app: cart}}, ${STRICT}, portLevelMtls: {80: {mode: PERMISSIVE}}`), false],
    ['another namespace insists', peer('default', STRICT, 'other'), false],
  ])('conflict when plain clients meet a strict server: %s', (_what, peers, is) => {
    expect(conflict(peers + rule('tls: {mode: DISABLE}'))).toBe(is);
    expect(conflict(peers + rule('tls: {mode: ISTIO_MUTUAL}'))).toBe(false);
  });

  it('conflict on the port that is set, not on one that is settled elsewhere', () => {
    const strict = peer('default', STRICT);
    expect(conflict(strict + rule('tls: {mode: DISABLE}, portLevelSettings: [{port: {number: 80}, tls: {mode: ISTIO_MUTUAL}}]'))).toBe(false);
    expect(conflict(strict + rule('portLevelSettings: [{port: {number: 80}, tls: {mode: SIMPLE}}]'))).toBe(true);
    expect(conflict(strict + rule('portLevelSettings: [{port: {number: 81}, tls: {mode: SIMPLE}}]'))).toBe(false);
  });

  it('do not when the server has no proxy', () => {
    expect(found(namespace('shop', 'istio-injection: disabled') + service('cart') + deployment('cart') + peer('default', STRICT) + rule('tls: {mode: DISABLE}'), ['MF0003'])).toEqual([]);
  });
});

describe('TLS without verification', () => {
  it('is told for the rule and for its ports, not where something says whom to trust', () => {
    expect(found(rule('tls: {mode: SIMPLE, caCertificates: system}, portLevelSettings: [{port: {number: 443}, tls: {mode: SIMPLE}}]'), ['IST0128', 'IST0129'])).toEqual(['IST0129 DestinationRule.networking.istio.io/shop/cart spec.trafficPolicy.portLevelSettings[0].tls']);
    expect(found(rule('tls: {mode: SIMPLE, credentialName: c}'), ['IST0128'])).toHaveLength(1);
    expect(found(rule('tls: {mode: SIMPLE, credentialName: c}', ', workloadSelector: {matchLabels: {app: a}}'), ['IST0128'])).toEqual([]);
  });
});

describe('authorization in ambient', () => {
  const METHODS = 'rules: [{to: [{operation: {methods: [GET]}}]}]';
  const judged = (yaml: string): number => found(yaml, ['MF0004']).length;

  it('needs a waypoint for rules on requests', () => {
    expect(judged(AMBIENT + deployment('cart') + policy('a', METHODS))).toBe(1);
    expect(judged(AMBIENT + deployment('cart') + policy('a', METHODS, 'istio-system'))).toBe(1);
    expect(judged(AMBIENT + deployment('cart') + policy('a', 'rules: [{from: [{source: {principals: ["a"]}}], to: [{operation: {ports: ["80"]}}], when: [{key: source.namespace, values: [a]}]}]'))).toBe(0);
    expect(judged(AMBIENT + deployment('cart') + policy('a', `targetRefs: [{kind: Service, group: "", name: cart}], ${METHODS}`))).toBe(0);
  });

  it('does not for workloads with a sidecar', () => {
    expect(judged(SIDECARS + deployment('cart') + policy('a', METHODS))).toBe(0);
    expect(judged(AMBIENT + deployment('cart', ', sidecar.istio.io/inject: "true"') + policy('a', METHODS))).toBe(0);
  });

  it('tries nothing out with a ztunnel that is too old', () => {
    const ztunnel = (tag: string): string => `apiVersion: apps/v1\nkind: DaemonSet\nmetadata: {name: ztunnel, namespace: istio-system}\nspec: {template: {metadata: {labels: {app: ztunnel}}, spec: {containers: [{name: istio-proxy, image: "r.example.com:5000/istio/ztunnel:${tag}"}]}}}\n---\n`;
    const dry = policy('a', 'action: DENY, rules: [{}]', 'shop', 'istio.io/dry-run: "true"');
    expect(found(AMBIENT + ztunnel('1.28.2-distroless') + deployment('cart') + dry, ['MF0005'])).toHaveLength(1);
    expect(found(AMBIENT + ztunnel('1.29.0') + deployment('cart') + dry, ['MF0005'])).toEqual([]);
    expect(found(SIDECARS + ztunnel('1.28.2') + deployment('cart') + dry, ['MF0005'])).toEqual([]);
  });
});

describe('policies for nobody', () => {
  it('are told by who is in the mesh', () => {
    const selector = policy('a', 'selector: {matchLabels: {app: cart}}');
    expect(found(SIDECARS + deployment('cart') + selector, ['IST0127'])).toEqual([]);
    expect(found(AMBIENT + deployment('cart') + selector, ['IST0127'])).toEqual([]);
    expect(found(namespace('shop', '') + deployment('cart') + selector, ['IST0127'])).toHaveLength(1);
    expect(found(SIDECARS + deployment('cart', ', sidecar.istio.io/inject: "false"') + selector, ['IST0127'])).toHaveLength(1);
    expect(found(SIDECARS + deployment('cart') + policy('a', 'selector: {matchLabels: {app: cart}}', 'istio-system'), ['IST0127'])).toEqual([]);
  });
});

describe('a default deny', () => {
  const entry = 'apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: cart, namespace: shop}\nspec: {hosts: [shop.example.com], gateways: [infra/entry], http: [{route: [{destination: {host: cart}}]}]}\n---\n';
  const gateway = `apiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: {name: entry, namespace: infra}\nspec: {selector: {app: entry}, servers: []}\n---\n${deployment('entry', '', 'infra')}`;
  const shop = SIDECARS + service('cart') + deployment('cart') + entry + gateway;
  const messages = (yaml: string): string[] => analyze(inputOf(yaml), { only: ['MF0009'] }).map(({ message }) => message);

  it('shuts out what a gateway routes to, unless something lets it in', () => {
    expect(messages(shop + policy('deny', ''))).toEqual(['Nothing is let in to shop/cart, to which shop/cart routes']);
    expect(messages(shop + policy('deny', '') + policy('allow', 'selector: {matchLabels: {app: cart}}, rules: [{from: [{source: {principals: [a]}}]}]'))).toEqual([]);
    expect(messages(shop + policy('deny', '') + policy('allow', 'selector: {matchLabels: {app: other}}, rules: [{}]'))).toHaveLength(1);
  });

  it('of the whole mesh shuts the gateway itself', () => {
    expect(messages(shop + policy('deny', '', 'istio-system') + policy('allow', 'rules: [{}]'))).toEqual(['Nothing is let in to the gateway infra/entry itself']);
  });

  it('that denies nobody, or is only tried out, shuts nothing', () => {
    expect(messages(shop + policy('deny', 'action: DENY'))).toEqual([]);
    expect(messages(shop + policy('deny', '', 'shop', 'istio.io/dry-run: "true"'))).toEqual([]);
  });
});

describe('the probes of the kubelet under a default deny', () => {
  const cart = (rewrite: string): string => `apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: cart, namespace: shop}\nspec: {template: {metadata: {labels: {app: cart}, annotations: {sidecar.istio.io/rewriteAppHTTPProbers: "${rewrite}"}}, spec: {containers: [{name: cart, image: cart, livenessProbe: {httpGet: {port: 80}}}]}}}\n---\n`;
  const messages = (yaml: string): string[] => analyze(inputOf(yaml), { only: ['MF0013'] }).map(({ message }) => message);

  it('are refused where the sidecar does not answer them', () => {
    expect(messages(SIDECARS + cart('false') + policy('deny', ''))).toEqual(['The probes of shop/cart are refused']);
    expect(messages(SIDECARS + cart('false') + policy('deny', '', 'istio-system'))).toHaveLength(1);
    expect(messages(SIDECARS + cart('true') + policy('deny', ''))).toEqual([]);
    expect(messages(SIDECARS + cart('false') + policy('deny', '', 'bank'))).toEqual([]);
  });

  it('pass where something lets in whoever calls, but not where it asks who calls', () => {
    expect(messages(SIDECARS + cart('false') + policy('deny', '') + policy('probes', 'rules: [{to: [{operation: {paths: [/ready]}}]}]'))).toEqual([]);
    expect(messages(SIDECARS + cart('false') + policy('deny', '') + policy('callers', 'rules: [{from: [{source: {principals: [a]}}]}]'))).toHaveLength(1);
  });
});
