import { describe, expect, it } from 'vitest';
import { refused, written } from '../preset-answers.fixture.ts';
import { allowList } from './allow-list.ts';
import { auditOnlyAuthorization } from './audit-only-authorization.ts';
import { denyList } from './deny-list.ts';
import { dryRunAuthorization } from './dry-run-authorization.ts';

const payments = { scope: 'WORKLOADS', namespace: 'shop', labels: { app: 'payments' } };
const services = { scope: 'SERVICES', namespace: 'shop', services: ['payments', 'ledger'] };
const rules = [{ from: [{ serviceAccounts: ['shop/checkout'] }], to: [{ methods: ['POST'], ports: [8080] }] }];
const native = [{ from: [{ source: { principals: ['cluster.local/ns/shop/sa/checkout'] } }], to: [{ operation: { ports: ['8080'], methods: ['POST'] } }] }];

describe('an allow list', () => {
  it('says in Istio’s words who may do what', () => {
    expect(written(allowList, { name: 'a', target: payments, rules })).toEqual([
      { apiVersion: 'security.istio.io/v1', kind: 'AuthorizationPolicy', metadata: { name: 'a', namespace: 'shop' }, spec: { selector: { matchLabels: { app: 'payments' } }, action: 'ALLOW', rules: native } },
    ]);
  });

  it('turns every exception into its negation', () => {
    const source = { exceptServiceAccounts: ['shop/bot'], exceptNamespaces: ['sandbox-*'], exceptIpBlocks: ['10.0.0.0/8'], exceptRemoteIpBlocks: ['192.0.2.1'] };
    const operation = { exceptMethods: ['DELETE'], exceptPaths: ['/admin/*'], exceptPorts: [9090], exceptHosts: ['*.internal'] };
    const [policy] = written(allowList, { name: 'a', target: payments, rules: [{ from: [source], to: [operation], when: [{ key: 'request.headers[x-tenant]', exceptValues: ['none'] }] }] });
    expect(policy?.['spec']).toMatchObject({
      rules: [
        {
          from: [{ source: { notPrincipals: ['cluster.local/ns/shop/sa/bot'], notNamespaces: ['sandbox-*'], notIpBlocks: ['10.0.0.0/8'], notRemoteIpBlocks: ['192.0.2.1'] } }],
          to: [{ operation: { notHosts: ['*.internal'], notPorts: ['9090'], notMethods: ['DELETE'], notPaths: ['/admin/*'] } }],
          when: [{ key: 'request.headers[x-tenant]', notValues: ['none'] }],
        },
      ],
    });
  });

  it('is attached to Services, gateways and all waypoints by reference', () => {
    const refs = (target: unknown): unknown => written(allowList, { name: 'a', target, rules }).map(({ metadata, ...rest }) => [metadata.namespace, (rest['spec'] as { targetRefs?: unknown }).targetRefs]);
    expect(refs(services)).toEqual([['shop', [{ group: '', kind: 'Service', name: 'payments' }, { group: '', kind: 'Service', name: 'ledger' }]]]);
    expect(refs({ scope: 'GATEWAYS', namespace: 'edge', gateways: ['public'] })).toEqual([['edge', [{ group: 'gateway.networking.k8s.io', kind: 'Gateway', name: 'public' }]]]);
    expect(refs({ scope: 'ALL_WAYPOINTS' })).toEqual([['istio-system', [{ group: 'gateway.networking.k8s.io', kind: 'GatewayClass', name: 'istio-waypoint' }]]]);
  });

  it('is attached to no Service whose name none can have', () => {
    expect(refused(allowList, { name: 'a', target: { ...services, services: ['payments.eu'] }, rules })).toHaveLength(1);
  });

  it('names identities of another trust domain, or of any', () => {
    const principal = (trustDomain: string): unknown => (written(allowList, { name: 'a', target: payments, trustDomain, rules: [{ from: [{ serviceAccounts: ['shop/checkout'] }] }] })[0]?.['spec'] as { rules: unknown }).rules;
    expect(principal('prod.example.com')).toEqual([{ from: [{ source: { principals: ['prod.example.com/ns/shop/sa/checkout'] } }] }]);
    expect(principal('*')).toEqual([{ from: [{ source: { principals: ['*/ns/shop/sa/checkout'] } }] }]);
  });

  it('takes what a cluster fills in, wherever a name stands', () => {
    const source = { serviceAccounts: ['shop-${cluster.region}/${var.account}'], namespaces: ['${cluster.labels.Team}'] };
    expect(refused(allowList, { name: 'a-${cluster.name}', target: payments, trustDomain: '${var.trustDomain}', rules: [{ from: [source], to: [{ hosts: ['${cluster.labels.Site}.example.com'] }] }] })).toEqual([]);
  });

  it('refuses a rule that would match everything, or that nobody can mean', () => {
    const said = (rule: unknown): string[] => refused(allowList, { name: 'a', target: payments, rules: [rule] });
    expect(said({})).toEqual(['rules.0: A rule that says nothing matches everything: name clients, requests or conditions']);
    expect(said({ from: [{}] })).toEqual(['rules.0.from.0: Say something of the client, or leave it out']);
    expect(said({ to: [{}] })).toEqual(['rules.0.to.0: Say something of the request, or leave it out']);
    expect(said({ from: [{ serviceAccounts: ['checkout'] }] })).toEqual(['rules.0.from.0.serviceAccounts.0: Must be namespace and name of a service account, as in "shop/checkout"']);
    expect(said({ from: [{ ipBlocks: ['10.0.0.300'] }] })).toEqual(['rules.0.from.0.ipBlocks.0: Must be an IP address or a block, as in "10.1.2.3" or "10.0.0.0/8"']);
    expect(said({ to: [{ methods: ['get'] }] })).toEqual(['rules.0.to.0.methods.0: Must be an HTTP method in capitals']);
    expect(said({ to: [{ hosts: ['API.example.com'] }] })).toEqual(['rules.0.to.0.hosts.0: Must be in lower case']);
    expect(said({ when: [{ key: 'request.header[x]', values: ['a'] }] })[0]).toMatch(/^rules\.0\.when\.0\.key: Must be an attribute that Istio knows/);
    expect(said({ when: [{ key: 'source.ip', values: ['a'] }] })).toEqual(['rules.0.when.0.values: The values of this attribute must be IP addresses, blocks or ports']);
    expect(said({ when: [{ key: 'source.ip' }] })).toEqual(['rules.0.when.0: Name values or except values']);
  });

  it.each(['/a*b', '*a*', '/x/{**}/y/{*}', '/{id}', '/a*/{*}', 'admin'])('refuses the path %s, which Istio cannot match', (path) => {
    expect(refused(allowList, { name: 'a', target: payments, rules: [{ to: [{ paths: [path] }] }] })).toHaveLength(1);
  });

  it.each(['/', '*', '/a/*', '*.png', '/{*}/a', '/{**}', '/a/{**}/b', '/${cluster.name}/a/*', '${var.base}/{*}'])('takes the path %s', (path) => {
    expect(refused(allowList, { name: 'a', target: payments, rules: [{ to: [{ paths: [path] }] }] })).toEqual([]);
  });

  it('refuses rules about requests where ztunnel would enforce them, and takes them at a waypoint', () => {
    const ambient = { name: 'a', dataplane: 'AMBIENT', rules };
    expect(refused(allowList, { ...ambient, target: payments })).toEqual([
      'rules.0: ztunnel cannot see methods: an ALLOW rule with them never matches, a DENY rule matches without them. Attach the policy to a waypoint: choose the target SERVICES, GATEWAYS or ALL_WAYPOINTS',
    ]);
    expect(refused(allowList, { ...ambient, target: services })).toEqual([]);
    expect(refused(allowList, { ...ambient, target: payments, rules: [{ from: [{ namespaces: ['shop'] }], to: [{ ports: [8080] }] }] })).toEqual([]);
  });
});

describe('a deny list', () => {
  it('refuses denials by request that name no port: on TCP ports they would deny everything', () => {
    const said = (rule: unknown): string[] => refused(denyList, { name: 'a', target: payments, rules: [rule] });
    const message = 'rules.0.to: Name the ports that speak HTTP: on any other port the attributes of requests are ignored, and the rule denies everything';
    expect(said({ to: [{ paths: ['/admin'] }] })).toEqual([message]);
    expect(said({ to: [{ paths: ['/admin'], ports: [8080] }, { methods: ['PUT'] }] })).toEqual([message]);
    expect(said({ when: [{ key: 'request.headers[x-bot]', values: ['*'] }] })).toEqual([message]);
    expect(said({ to: [{ paths: ['/admin'], ports: [8080] }] })).toEqual([]);
    expect(said({ from: [{ namespaces: ['sandbox'] }] })).toEqual([]);
  });

  it('takes denials by original address and by server name without a port: every port has those', () => {
    const byAddress = { from: [{ remoteIpBlocks: ['203.0.113.0/24'] }] };
    const bySni = { when: [{ key: 'connection.sni', values: ['admin.example.com'] }] };
    const byAttribute = { when: [{ key: 'remote.ip', values: ['203.0.113.7'] }] };
    for (const [preset, action] of [[denyList, {}], [dryRunAuthorization, { action: 'DENY' }]] as const) {
      expect(refused(preset, { name: 'a', ...action, target: payments, rules: [byAddress, bySni, byAttribute] }), preset.name).toEqual([]);
      expect(refused(preset, { name: 'a', ...action, target: payments, rules: [{ ...byAddress, to: [{ paths: ['/admin'] }] }] }), preset.name).toHaveLength(1);
    }
    expect(refused(denyList, { name: 'a', target: payments, dataplane: 'AMBIENT', rules: [byAddress, bySni, byAttribute] })).toHaveLength(3);
  });
});

describe('audit alone', () => {
  it('is the action AUDIT, for sidecars and waypoints', () => {
    expect(written(auditOnlyAuthorization, { name: 'a', target: payments, rules })[0]?.['spec']).toMatchObject({ action: 'AUDIT', rules: native });
    expect(refused(auditOnlyAuthorization, { name: 'a', target: payments, dataplane: 'AMBIENT', rules: [{ to: [{ ports: [80] }] }] })).toEqual(['target: ztunnel does not know the action AUDIT: choose the target SERVICES, GATEWAYS or ALL_WAYPOINTS']);
    expect(refused(auditOnlyAuthorization, { name: 'a', target: services, dataplane: 'AMBIENT', rules })).toEqual([]);
  });
});

describe('a dry run', () => {
  it('is the very policy that will be enforced, with the annotation that keeps it from being so', () => {
    const [dry] = written(dryRunAuthorization, { name: 'a', target: payments, rules });
    const [real] = written(allowList, { name: 'a', target: payments, rules });
    expect(dry).toEqual({ ...real, metadata: { ...real?.metadata, annotations: { 'istio.io/dry-run': 'true' } } });
  });

  it('can be a default deny, but no denial of nothing', () => {
    expect(written(dryRunAuthorization, { name: 'a', target: { scope: 'MESH' } })[0]?.['spec']).toEqual({ action: 'ALLOW' });
    expect(refused(dryRunAuthorization, { name: 'a', target: { scope: 'MESH' }, action: 'DENY' })).toEqual(['rules: A DENY policy without rules never denies: name what to deny']);
  });

  it('for ztunnel needs the word that none is left which would enforce it', () => {
    const ambient = { name: 'a', dataplane: 'AMBIENT', rules: [{ from: [{ namespaces: ['shop'] }] }] };
    expect(refused(dryRunAuthorization, { ...ambient, target: payments })).toEqual(['everyZtunnelKnowsDryRun: A ztunnel older than 1.29 enforces dry-run policies: confirm that there is none, or attach the policy to a waypoint']);
    expect(refused(dryRunAuthorization, { ...ambient, target: payments, everyZtunnelKnowsDryRun: true })).toEqual([]);
    expect(refused(dryRunAuthorization, { ...ambient, target: services })).toEqual([]);
  });
});
