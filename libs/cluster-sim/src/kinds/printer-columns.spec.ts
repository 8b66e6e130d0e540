import { describe, expect, it } from 'vitest';
import type { KubeObject } from '@meshfleet/model';
import { builtinResources } from './builtin-resources.ts';
import { builtinColumns } from './printer-columns.ts';

const NOW = new Date('2026-03-01T12:00:00Z');
const CREATED = '2026-03-01T11:59:00Z';

function row(group: string, object: Omit<KubeObject, 'apiVersion' | 'metadata'> & { metadata?: KubeObject['metadata'] }, wide = false): Record<string, unknown> {
  const full: KubeObject = { apiVersion: 'v1', ...object, kind: String(object['kind']), metadata: { name: 'it', creationTimestamp: CREATED, ...object.metadata } };
  const columns = builtinColumns(group, full.kind).filter((column) => wide || (column.priority ?? 0) === 0);
  return Object.fromEntries(columns.map((column) => [column.name, column.render?.(full, NOW)]));
}

describe('columns of kubectl get', () => {
  it('prints a pod as ready, running and restarted', () => {
    const status = {
      phase: 'Running',
      podIP: '10.1.0.1',
      containerStatuses: [{ name: 'web', ready: true, restartCount: 2, state: { running: {} } }, { name: 'side', ready: false, restartCount: 1, state: { running: {} } }],
    };
    expect(row('', { kind: 'Pod', spec: { containers: [{ name: 'web' }, { name: 'side' }], nodeName: 'n1' }, status }, true)).toMatchObject({ Ready: '1/2', Status: 'Running', Restarts: '3', Age: '60s', IP: '10.1.0.1', Node: 'n1', 'Nominated Node': '<none>' });
  });

  it('prints why a pod waits, and that it goes', () => {
    const waiting = { phase: 'Pending', containerStatuses: [{ name: 'web', ready: false, restartCount: 0, state: { waiting: { reason: 'ImagePullBackOff' } } }] };
    expect(row('', { kind: 'Pod', spec: { containers: [{ name: 'web' }] }, status: waiting })).toMatchObject({ Status: 'ImagePullBackOff', Ready: '0/1' });
    expect(row('', { kind: 'Pod', metadata: { deletionTimestamp: CREATED }, spec: { containers: [] }, status: waiting })).toMatchObject({ Status: 'Terminating' });
  });

  it('counts native sidecars among the containers', () => {
    const spec = { containers: [{ name: 'web' }], initContainers: [{ name: 'istio-proxy', restartPolicy: 'Always' }, { name: 'init' }] };
    const status = { phase: 'Running', containerStatuses: [{ name: 'web', ready: true, state: { running: {} } }], initContainerStatuses: [{ name: 'istio-proxy', ready: true }, { name: 'init', ready: true }] };
    expect(row('', { kind: 'Pod', spec, status })).toMatchObject({ Ready: '2/2' });
  });

  it('prints the addresses of services by their type', () => {
    const ports = [{ port: 80, nodePort: 30080, protocol: 'TCP' }, { port: 443, protocol: 'TCP' }];
    expect(row('', { kind: 'Service', spec: { type: 'LoadBalancer', clusterIP: '10.96.0.9', ports } })).toMatchObject({ 'External-IP': '<pending>', 'Port(s)': '80:30080/TCP,443/TCP', 'Cluster-IP': '10.96.0.9' });
    expect(row('', { kind: 'Service', spec: { type: 'LoadBalancer', ports }, status: { loadBalancer: { ingress: [{ ip: '198.18.0.1' }] } } })).toMatchObject({ 'External-IP': '198.18.0.1' });
    expect(row('', { kind: 'Service', spec: { type: 'ExternalName', externalName: 'db.example.com' } })).toMatchObject({ 'External-IP': 'db.example.com', 'Cluster-IP': '<none>', 'Port(s)': '<none>' });
  });

  it('prints workloads with their counts, and wide with images and selectors', () => {
    const template = { spec: { containers: [{ name: 'web', image: 'web:1' }, { name: 'log', image: 'log:2' }] } };
    const deployment = { kind: 'Deployment', spec: { replicas: 3, selector: { matchLabels: { b: '2', a: '1' } }, template }, status: { readyReplicas: 2, updatedReplicas: 3, availableReplicas: 2 } };
    expect(row('apps', deployment, true)).toMatchObject({ Ready: '2/3', 'Up-to-date': 3, Available: 2, Containers: 'web,log', Images: 'web:1,log:2', Selector: 'a=1,b=2' });
  });

  it('prints the state of a node and of a job', () => {
    const node = { kind: 'Node', metadata: { labels: { 'node-role.kubernetes.io/worker': '' } }, spec: { unschedulable: true }, status: { conditions: [{ type: 'Ready', status: 'True' }], nodeInfo: { kubeletVersion: 'v1.35.4' } } };
    expect(row('', node)).toMatchObject({ Status: 'Ready,SchedulingDisabled', Roles: 'worker', Version: 'v1.35.4' });
    const job = { kind: 'Job', spec: { completions: 2 }, status: { succeeded: 2, startTime: '2026-03-01T11:00:00Z', completionTime: '2026-03-01T11:00:30Z', conditions: [{ type: 'Complete', status: 'True' }] } };
    expect(row('batch', job)).toMatchObject({ Status: 'Complete', Completions: '2/2', Duration: '30s' });
  });

  it('shows the first three of many endpoints', () => {
    const endpoints = ['1', '2', '3', '4'].map((last) => ({ addresses: [`10.0.0.${last}`] }));
    expect(row('discovery.k8s.io', { kind: 'EndpointSlice', addressType: 'IPv4', endpoints, ports: [{ port: 8080 }] })).toMatchObject({ AddressType: 'IPv4', Ports: '8080', Endpoints: '10.0.0.1,10.0.0.2,10.0.0.3 + 1 more...' });
  });

  it('renders every column of every built-in kind for an object that holds nothing but a name', () => {
    for (const info of builtinResources()) {
      const bare: KubeObject = { apiVersion: 'v1', kind: info.kind, metadata: { name: 'bare' } };
      for (const column of info.printerColumns) expect(column.render?.(bare, NOW), `${info.kind} ${column.name}`).not.toBeUndefined();
    }
  });
});
