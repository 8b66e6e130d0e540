import { formatObjectKey, objectKeyOf } from '@meshfleet/model';
import type { KubeObject } from '@meshfleet/model';
import { describe, expect, it } from 'vitest';
import { refused, written } from '../preset-answers.fixture.ts';
import { mutualTlsMigration } from './mutual-tls-migration.ts';
import { perPortMutualTls } from './per-port-mutual-tls.ts';
import { permissiveMutualTls } from './permissive-mutual-tls.ts';

const shop = { scope: 'NAMESPACES', namespaces: ['shop'] };
const stage = (name: string, more: object = {}): readonly KubeObject[] => written(mutualTlsMigration, { target: shop, stage: name, ...more });
const brief = (objects: readonly KubeObject[]): unknown[] => objects.map((object) => [formatObjectKey(objectKeyOf(object)).replace(/\.[a-z]+\.istio\.io/, ''), object['spec']]);

describe('the migration to strict mutual TLS', () => {
  const servers = (mode: string): unknown => ['PeerAuthentication/shop/default', { mtls: { mode } }];
  const clients = ['DestinationRule/shop/mutual-tls-migration', { host: '*.shop.svc.cluster.local', trafficPolicy: { tls: { mode: 'ISTIO_MUTUAL' } } }];
  const log = ['Telemetry/shop/plaintext-clients', { accessLogging: [{ match: { mode: 'SERVER' }, providers: [{ name: 'envoy' }], filter: { expression: '!connection.mtls' } }] }];

  it('observes, then binds the clients, then closes the door: one thing a step', () => {
    expect(brief(stage('OBSERVE'))).toEqual([servers('PERMISSIVE'), log]);
    expect(brief(stage('CLIENTS'))).toEqual([servers('PERMISSIVE'), log, clients]);
    expect(brief(stage('STRICT'))).toEqual([servers('STRICT'), clients]);
  });

  it('leaves servers without proxy reachable; in the whole mesh the API server above all', () => {
    const rules = written(mutualTlsMigration, { target: { scope: 'MESH' }, stage: 'CLIENTS', plaintextServices: ['db.legacy.svc.cluster.local'] }).filter(({ kind }) => kind === 'DestinationRule');
    expect(rules.map(({ spec }) => spec)).toEqual([
      { host: '*.cluster.local', trafficPolicy: { tls: { mode: 'ISTIO_MUTUAL' } } },
      { host: 'kubernetes.default.svc.cluster.local', trafficPolicy: { tls: { mode: 'DISABLE' } } },
      { host: 'db.legacy.svc.cluster.local', trafficPolicy: { tls: { mode: 'DISABLE' } } },
    ]);
  });

  it('puts the rule for a server without proxy beside the rule for all, where clients look first', () => {
    const parameters = { target: { scope: 'NAMESPACES', namespaces: ['shop', 'pay'] }, stage: 'CLIENTS', plaintextServices: ['db.pay.svc.cluster.local'] };
    const rules = written(mutualTlsMigration, parameters).filter(({ kind }) => kind === 'DestinationRule');
    expect(rules.map(({ metadata, ...rest }) => [metadata.namespace, (rest['spec'] as { host: string }).host])).toEqual([['shop', '*.shop.svc.cluster.local'], ['pay', '*.pay.svc.cluster.local'], ['pay', 'db.pay.svc.cluster.local']]);
    for (const host of ['db.other.svc.cluster.local', 'db', 'db.pay']) {
      expect(refused(mutualTlsMigration, { ...parameters, plaintextServices: [host] })).toEqual(['plaintextServices: Write full names of Services in scope, as in "legacy-ftp.shop.svc.cluster.local": others are not touched']);
    }
  });

  it('can bind the clients of one namespace first', () => {
    const rules = stage('CLIENTS', { clientNamespace: 'web', target: { scope: 'NAMESPACES', namespaces: ['shop', 'pay'] } }).filter(({ kind }) => kind === 'DestinationRule');
    expect(rules.map(({ metadata, ...rest }) => [`${metadata.namespace ?? ''}/${metadata.name ?? ''}`, (rest['spec'] as { host: string }).host])).toEqual([
      ['web/mutual-tls-migration', '*.shop.svc.cluster.local'],
      ['web/mutual-tls-migration-2', '*.pay.svc.cluster.local'],
    ]);
  });

  it('writes no log when told so', () => {
    expect(stage('OBSERVE', { logPlaintext: false }).map(({ kind }) => kind)).toEqual(['PeerAuthentication']);
  });

  it('is for mesh and namespaces: hosts of single workloads are not known', () => {
    expect(refused(mutualTlsMigration, { target: { scope: 'WORKLOADS', namespace: 'shop', labels: { app: 'a' } } })).toHaveLength(1);
  });
});

describe('mutual TLS by port', () => {
  it('is a mode for each port and one for the rest', () => {
    expect(written(perPortMutualTls, { target: { scope: 'WORKLOADS', namespace: 'shop', labels: { app: 'a' } }, ports: [{ port: 9090, mode: 'DISABLE' }] })[0]?.['spec']).toEqual({ selector: { matchLabels: { app: 'a' } }, mtls: { mode: 'STRICT' }, portLevelMtls: { 9090: { mode: 'DISABLE' } } });
    expect(refused(perPortMutualTls, { target: { scope: 'MESH' }, ports: [{ port: 9090, mode: 'DISABLE' }] })[0]).toMatch(/^target\.scope/);
  });
});

describe('permissive mutual TLS', () => {
  it('takes plaintext too, except on ports that are strict already', () => {
    expect(written(permissiveMutualTls, { target: shop })[0]).toMatchObject({ metadata: { name: 'default', namespace: 'shop' }, spec: { mtls: { mode: 'PERMISSIVE' } } });
    const target = { scope: 'WORKLOADS', namespace: 'shop', labels: { app: 'a' } };
    expect(written(permissiveMutualTls, { target, strictPorts: [8443] })[0]?.['spec']).toEqual({ selector: { matchLabels: { app: 'a' } }, mtls: { mode: 'PERMISSIVE' }, portLevelMtls: { 8443: { mode: 'STRICT' } } });
    expect(refused(permissiveMutualTls, { target: shop, strictPorts: [8443] })[0]).toMatch(/^strictPorts: Istio takes settings by port/);
  });
});
