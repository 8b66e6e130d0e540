import { describe, expect, it } from 'vitest';
import { refused, written } from '../preset-answers.fixture.ts';
import { strictMutualTls } from './strict-mutual-tls.ts';

describe('strict mutual TLS', () => {
  it('for the mesh is the object "default" of the root namespace', () => {
    expect(written(strictMutualTls, { target: { scope: 'MESH' } })).toEqual([
      { apiVersion: 'security.istio.io/v1', kind: 'PeerAuthentication', metadata: { name: 'default', namespace: 'istio-system' }, spec: { mtls: { mode: 'STRICT' } } },
    ]);
    expect(written(strictMutualTls, { target: { scope: 'MESH', rootNamespace: 'mesh-config' } })[0]?.metadata.namespace).toBe('mesh-config');
  });

  it('for namespaces is one object in each', () => {
    expect(written(strictMutualTls, { target: { scope: 'NAMESPACES', namespaces: ['shop', 'pay'] } }).map(({ metadata }) => metadata)).toEqual([
      { name: 'default', namespace: 'shop' },
      { name: 'default', namespace: 'pay' },
    ]);
  });

  it('for workloads leaves ports open that are named', () => {
    const target = { scope: 'WORKLOADS', namespace: 'shop', labels: { app: 'cart' } };
    expect(written(strictMutualTls, { target, exceptPorts: [{ port: 9090 }, { port: 8081, mode: 'DISABLE' }] })).toEqual([
      {
        apiVersion: 'security.istio.io/v1',
        kind: 'PeerAuthentication',
        metadata: { name: 'mutual-tls', namespace: 'shop' },
        spec: { selector: { matchLabels: { app: 'cart' } }, mtls: { mode: 'STRICT' }, portLevelMtls: { 9090: { mode: 'PERMISSIVE' }, 8081: { mode: 'DISABLE' } } },
      },
    ]);
  });

  it('takes what a cluster fills in', () => {
    expect(written(strictMutualTls, { target: { scope: 'NAMESPACES', namespaces: ['shop-${cluster.region}'] } })[0]?.metadata.namespace).toBe('shop-${cluster.region}');
  });

  it('refuses ports where Istio does not take them, names that change nothing, and doubles', () => {
    const ports = [{ port: 9090 }];
    expect(refused(strictMutualTls, { target: { scope: 'MESH' }, exceptPorts: ports })).toEqual(['exceptPorts: Istio takes exceptions by port for workloads alone: choose the target WORKLOADS and name their labels']);
    expect(refused(strictMutualTls, { target: { scope: 'MESH' }, name: 'mine' })).toEqual(['name: The object of a mesh or namespace is called "default": leave the name out']);
    expect(refused(strictMutualTls, { target: { scope: 'WORKLOADS', namespace: 'shop', labels: { app: 'a' } }, exceptPorts: [...ports, ...ports] })).toEqual(['exceptPorts: Name each port once']);
    expect(refused(strictMutualTls, { target: { scope: 'NAMESPACES', namespaces: ['shop', 'shop'] } })).toEqual(['target.namespaces: Name each namespace once']);
    expect(refused(strictMutualTls, { target: { scope: 'WORKLOADS', namespace: 'shop', labels: {} } })).toEqual(['target.labels: Name at least one label']);
    expect(refused(strictMutualTls, { target: { scope: 'NAMESPACES', namespaces: ['Shop'] } })).toEqual(['target.namespaces.0: Must consist of lower case letters, digits and "-", as in "shop"']);
  });
});
