import { describe, expect, it } from 'vitest';
import { hostsFile, serviceRules, serviceTable, type EndpointSlice, type Service } from './service-table.ts';

const service = (name: string, spec: Service['spec'], ip?: string): Service => ({
  metadata: { name, namespace: 'shop' },
  spec,
  ...(ip === undefined ? {} : { status: { loadBalancer: { ingress: [{ ip }] } } }),
});
const slice = (name: string, addresses: readonly string[], port: number, ready = true): EndpointSlice => ({
  metadata: { namespace: 'shop', labels: { 'kubernetes.io/service-name': name } },
  endpoints: addresses.map((address) => ({ addresses: [address], conditions: { ready } })),
  ports: [{ name: 'http', port }],
});
const http = [{ name: 'http', port: 80 }];

describe('the table of Services', () => {
  it('joins slices of one Service by the name of the port, and leaves out what is not ready', () => {
    const slices = [slice('echo', ['10.0.0.1'], 8080), slice('echo', ['10.0.0.2'], 8081), slice('echo', ['10.0.0.3'], 8080, false), slice('other', ['10.0.0.9'], 1)];
    const [entry] = serviceTable([service('echo', { clusterIP: '10.96.0.7', ports: http })], slices);
    expect(entry?.ports).toEqual([{ port: 80, targets: [{ address: '10.0.0.1', port: 8080 }, { address: '10.0.0.2', port: 8081 }] }]);
  });

  it('takes slices without endpoints and ports, as the API server gives them', () => {
    const empty: EndpointSlice = { metadata: { namespace: 'shop', labels: { 'kubernetes.io/service-name': 'echo' } }, endpoints: null, ports: null };
    expect(serviceTable([service('echo', { clusterIP: '10.96.0.7', ports: http })], [empty])[0]?.ports[0]?.targets).toEqual([]);
  });

  it('leaves UDP to others', () => {
    expect(serviceTable([service('dns', { clusterIP: '10.96.0.10', ports: [{ port: 53, protocol: 'UDP' }] })], [])[0]?.ports).toEqual([]);
  });
});

describe('names', () => {
  it('lead to the address of the Service, and to the pods of a headless one', () => {
    const table = serviceTable([service('echo', { clusterIP: '10.96.0.7', ports: http }), service('db', { clusterIP: 'None', ports: http })], [slice('db', ['10.0.0.4', '10.0.0.5'], 80)]);
    expect(hostsFile(table)).toBe(
      [
        '127.0.0.1 localhost',
        '10.0.0.4 db.shop.svc.cluster.local db.shop.svc db.shop',
        '10.0.0.5 db.shop.svc.cluster.local db.shop.svc db.shop',
        '10.96.0.7 echo.shop.svc.cluster.local echo.shop.svc echo.shop',
        '',
      ].join('\n'),
    );
  });
});

describe('names of the world outside', () => {
  it('lead to the addresses that were published', () => {
    expect(hostsFile([], new Map([['api.example.com', '10.222.0.1']]))).toBe('127.0.0.1 localhost\n10.222.0.1 api.example.com\n');
  });
});

describe('rules', () => {
  it('give every endpoint an equal chance', () => {
    const table = serviceTable([service('echo', { clusterIP: '10.96.0.7', ports: http })], [slice('echo', ['10.0.0.1', '10.0.0.2', '10.0.0.3'], 8080)]);
    const chances = [...serviceRules(table, new Set()).matchAll(/--probability (\S+)|(-j DNAT)/g)].map(([, chance]) => chance).filter((chance) => chance !== undefined);
    expect(chances).toEqual(['0.3333333333', '0.5000000000']);
    expect(serviceRules(table, new Set()).match(/-j DNAT/g)).toHaveLength(3);
  });

  it('translate the ports of a load balancer only where its address lies', () => {
    const table = serviceTable([service('ingress', { type: 'LoadBalancer', clusterIP: '10.96.0.7', ports: http }, '10.222.0.9')], [slice('ingress', ['10.0.0.1'], 8080)]);
    expect(serviceRules(table, new Set(['10.222.0.9']))).toContain('-d 10.222.0.9/32 -p tcp --dport 80 -j REDIRECT --to-ports 8080');
    expect(serviceRules(table, new Set())).not.toContain('REDIRECT');
  });
});
