import type { KubeObject } from '@meshfleet/model';

/** What a version of a policy says, but for its name and placement. */
export type Said = Readonly<Record<string, unknown>> & { readonly objects: readonly KubeObject[] };

/** A way in which a cluster may hold what a rollout changes. */
export interface Mode {
  /** Its namespace and its policy are named so. */
  readonly name: string;
  /** What somebody else has in the namespace, in the order in which it was applied. */
  readonly theirs?: readonly Theirs[];
  /** An earlier version, which was applied. */
  readonly first?: Said;
  /** The policy before the rollout; none: the rollout is of its first version. */
  readonly before?: Said;
  /** What has come of that. */
  readonly stands?: 'APPLIED' | 'FAILED' | 'DRIFTED';
  /** Another policy of the same namespace, which comes after. */
  readonly beside?: Said;
  /** What somebody does to it then. */
  readonly meddling?: Theirs;
  readonly after: Said;
  /** Objects that the new version takes away are others of their name when they are back. */
  readonly remade?: readonly string[];
}

interface Theirs {
  readonly manager: string;
  readonly object: KubeObject;
}

const HOST = 'frontend.shop.svc.cluster.local';
const KEY = (name: string) => `VirtualService.networking.istio.io/${name}/web`;
const route = (seconds: number) => [{ timeout: `${seconds}s`, route: [{ destination: { host: HOST } }] }];
const object = (kind: string, namespace: string, name: string, spec: object): KubeObject => ({ apiVersion: 'networking.istio.io/v1', kind, metadata: { name, namespace }, spec });
export const virtualService = (namespace: string, name: string, spec: object): KubeObject => object('VirtualService', namespace, name, { hosts: [`${name}.${namespace}.example.com`], ...spec });
export const timeout = (namespace: string, seconds: number, name = 'web'): KubeObject => virtualService(namespace, name, { http: route(seconds) });
const rule = (namespace: string, name: string): KubeObject => object('DestinationRule', namespace, name, { host: HOST, trafficPolicy: { connectionPool: { tcp: { maxConnections: 7 } } } });
const entry = (namespace: string, name: string, host: string): KubeObject => object('ServiceEntry', namespace, name, { hosts: [host], location: 'MESH_EXTERNAL', resolution: 'DNS', ports: [{ number: 443, name: 'tls', protocol: 'TLS' }] });
const space = (name: string, labels: Record<string, string>, annotations?: Record<string, string>): KubeObject => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels, ...(annotations === undefined ? {} : { annotations }) } });
const workload = (namespace: string, labels: Record<string, string>, pod: object): KubeObject => ({ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'app', namespace, labels }, spec: { template: { metadata: pod } } });
const service = (namespace: string, labels: Record<string, string>): KubeObject => ({ apiVersion: 'v1', kind: 'Service', metadata: { name: 'app', namespace, labels } });

const helmsWorkload = (namespace: string): KubeObject => ({
  ...workload(namespace, { team: 'helm' }, {}),
  spec: { replicas: 0, selector: { matchLabels: { app: 'app' } }, template: { metadata: { labels: { app: 'app', tier: 'helm' } }, spec: { containers: [{ name: 'app', image: 'app:1' }] } } },
});
const helmsService = (namespace: string): KubeObject => ({ ...service(namespace, { team: 'helm' }), spec: { ports: [{ name: 'http', port: 80 }] } });
const argo = (namespace: string, spec: object): Theirs => ({ manager: 'argocd', object: virtualService(namespace, 'web', spec) });

type Written = (namespace: string) => Omit<Mode, 'name'>;

const WRITTEN: Readonly<Record<string, Written>> = {
  'drift-corrected': (ns) => ({ before: { objects: [timeout(ns, 1)] }, after: { objects: [virtualService(ns, 'web', { http: route(2), exportTo: ['.'] })] } }),
  'drift-reported': (ns) => ({ before: { drift: 'REPORT', objects: [timeout(ns, 1)] }, after: { drift: 'REPORT', objects: [timeout(ns, 2)] } }),
  'drifted': (ns) => ({
    before: { drift: 'REPORT', objects: [timeout(ns, 1), timeout(ns, 1, 'other')] },
    stands: 'DRIFTED',
    meddling: { manager: 'kubectl', object: virtualService(ns, 'web', { http: route(7), gateways: ['mesh'] }) },
    after: { drift: 'REPORT', conflicts: 'FORCE', objects: [virtualService(ns, 'web', { http: route(2), gateways: ['shop/edge'], exportTo: ['.'] }), timeout(ns, 2, 'other')] },
  }),
  'contested': (ns) => ({
    theirs: [argo(ns, { http: route(7) })],
    before: { objects: [timeout(ns, 1), timeout(ns, 1, 'other')] },
    stands: 'FAILED',
    after: { takeOver: [{ object: KEY(ns) }], objects: [virtualService(ns, 'web', { http: route(2), exportTo: ['.'] }), timeout(ns, 2, 'other')] },
  }),
  'refused': (ns) => ({
    theirs: [argo(ns, { gateways: ['mesh'] })],
    first: { objects: [timeout(ns, 1), timeout(ns, 1, 'other')] },
    before: { objects: [virtualService(ns, 'web', { http: route(3), gateways: ['shop/edge'] }), timeout(ns, 3, 'other')] },
    stands: 'FAILED',
    after: { takeOver: [{ object: KEY(ns) }], objects: [virtualService(ns, 'web', { http: route(2), gateways: ['shop/two'], exportTo: ['.'] }), timeout(ns, 2, 'other')] },
  }),
  'refused-then-taken-over': (ns) => {
    const objects = [virtualService(ns, 'web', { http: route(3), gateways: ['shop/edge'] })];
    return { theirs: [argo(ns, { gateways: ['mesh'] })], first: { objects: [timeout(ns, 1)] }, before: { objects }, stands: 'FAILED', after: { takeOver: [{ object: KEY(ns) }], objects } };
  },
  'refused-beside-taken-over': (ns) => ({
    theirs: [argo(ns, { http: route(7), gateways: ['mesh'] })],
    first: { takeOver: [{ object: KEY(ns), fields: ['.spec.http'] }], objects: [timeout(ns, 1)] },
    before: { takeOver: [{ object: KEY(ns), fields: ['.spec.http'] }], objects: [virtualService(ns, 'web', { http: route(3), gateways: ['shop/edge'] })] },
    stands: 'FAILED',
    after: { takeOver: [{ object: KEY(ns), fields: ['.spec.gateways'] }], objects: [virtualService(ns, 'web', { gateways: ['shop/two'] })] },
  }),
  'taken-over': (ns) => ({
    theirs: [argo(ns, { http: route(7), gateways: ['mesh'] })],
    before: { takeOver: [{ object: KEY(ns) }], objects: [timeout(ns, 1)] },
    after: { takeOver: [{ object: KEY(ns) }], objects: [virtualService(ns, 'web', { http: route(2), gateways: ['shop/edge'] })] },
  }),
  'taken-over-let-go': (ns) => ({
    theirs: [argo(ns, { http: route(7) })],
    before: { takeOver: [{ object: KEY(ns) }], objects: [timeout(ns, 1), timeout(ns, 1, 'other')] },
    after: { objects: [timeout(ns, 2, 'other')] },
  }),
  'field-taken-over': (ns) => ({
    theirs: [argo(ns, { http: route(7), gateways: ['mesh'] })],
    before: { takeOver: [{ object: KEY(ns), fields: ['.spec.http'] }], objects: [timeout(ns, 1)] },
    after: { takeOver: [{ object: KEY(ns), fields: ['.spec.gateways'] }], objects: [virtualService(ns, 'web', { gateways: ['shop/edge'] })] },
  }),
  'another-field-taken-over': (ns) => ({
    theirs: [argo(ns, { http: route(7), gateways: ['mesh'] })],
    before: { objects: [virtualService(ns, 'web', { exportTo: ['.'] })] },
    after: { takeOver: [{ object: KEY(ns), fields: ['.spec.http'] }], objects: [virtualService(ns, 'web', { exportTo: ['.'], http: route(2) })] },
  }),
  'adopted-by-the-first': (ns) => ({
    theirs: [argo(ns, { http: route(7) })],
    after: { conflicts: 'FORCE', objects: [virtualService(ns, 'web', { http: route(2), exportTo: ['.'] }), timeout(ns, 2, 'fresh')] },
  }),
  'first': (ns) => ({ after: { objects: [timeout(ns, 2), rule(ns, 'web')] } }),
  'objects-differ': (ns) => ({
    before: { objects: [timeout(ns, 1), timeout(ns, 1, 'goes'), rule(ns, 'same-name')] },
    after: { objects: [timeout(ns, 2), timeout(ns, 2, 'comes'), entry(ns, 'same-name', `same-name.${ns}.example.com`)] },
    remade: ['VirtualService/goes', 'DestinationRule/same-name'],
  }),
  'templated': (ns) => {
    const said = (host: string, prod: string, more: string) => ({
      objects: [entry(ns, 'bank-${cluster.name}', '${var.bank}')],
      variables: [{ name: 'bank', default: host, values: [{ clusterSelector: 'env=prod', value: prod }] }],
      patches: [{ clusterSelector: 'env=staging', target: { kind: 'ServiceEntry' }, patch: `{"spec":{"exportTo":[${more}]}}` }],
    });
    return { before: said('bank.example.com', 'prod.example.com', '"."'), after: said('test.example.com', 'live.example.com', '".","shop"') };
  },
  'labelled': (ns) => ({
    theirs: [
      { manager: 'helm', object: space(ns, { team: 'helm', tier: 'helm' }, { note: 'helm' }) },
      { manager: 'helm', object: helmsWorkload(ns) },
      { manager: 'helm', object: helmsService(ns) },
    ],
    before: {
      takeOver: [{ object: `Namespace/${ns}`, fields: ['.metadata.labels.team'] }],
      objects: [space(ns, { team: 'one', more: 'one' }, { about: 'one' }), workload(ns, { more: 'one' }, { annotations: { 'proxy.istio.io/config': 'one' } }), service(ns, { more: 'one' })],
    },
    after: {
      conflicts: 'FORCE',
      objects: [space(ns, { tier: 'two', more: 'two' }, { note: 'two' }), workload(ns, { team: 'two' }, { labels: { tier: 'two', fresh: 'two' } }), service(ns, { team: 'two', fresh: 'two' })],
    },
  }),
  'labels-contested': (ns) => ({
    theirs: [{ manager: 'helm', object: space(ns, { team: 'helm', tier: 'helm' }) }],
    before: { objects: [space(ns, { team: 'one', more: 'one' })] },
    stands: 'FAILED',
    after: { conflicts: 'FORCE', objects: [space(ns, { team: 'two', tier: 'two', fresh: 'two' })] },
  }),
  'labels-shared': (ns) => ({
    theirs: [{ manager: 'helm', object: space(ns, { team: 'helm' }) }],
    before: { objects: [space(ns, { more: 'one', both: 'one' })] },
    beside: { conflicts: 'FORCE', objects: [space(ns, { team: 'beside', beside: 'yes', both: 'beside' })] },
    after: { conflicts: 'FORCE', objects: [space(ns, { more: 'two', beside: 'two', fresh: 'two' })] },
  }),
};

export const MODES: readonly Mode[] = Object.entries(WRITTEN).map(([name, write]) => ({ name, ...write(`back-${name}`) }));
export const namespaceOf = ({ name }: Pick<Mode, 'name'>): string => `back-${name}`;
/** Asks for labels of what is not there, and so never succeeds. */
export const impossible = (namespace: string): KubeObject => ({ apiVersion: 'v1', kind: 'Service', metadata: { name: 'nowhere', namespace, labels: { never: 'set' } } });
