import { describe, expect, it } from 'vitest';
import type { KubeObject } from '@meshfleet/model';
import { judgeHealth } from './judge-health.ts';

const condition = (type: string, status: string, reason = 'Because', more: object = {}) => ({ type, status, reason, message: 'said the controller', ...more });
const object = (apiVersion: string, kind: string, status: unknown, generation = 2): KubeObject => ({ apiVersion, kind, metadata: { name: 'web', namespace: 'shop', generation }, ...(status === undefined ? {} : { status }) });
const GATEWAY = 'gateway.networking.k8s.io/v1';
const stateOf = (apiVersion: string, kind: string, status: unknown): string => judgeHealth(object(apiVersion, kind, status)).state;

describe('the health of an object, by its own status', () => {
  it.each<[string, string, string, unknown]>([
    ['a class that nobody accepts', GATEWAY, 'GatewayClass', { conditions: [condition('Accepted', 'False')] }],
    ['a gateway that is not accepted', GATEWAY, 'Gateway', { conditions: [condition('Accepted', 'False'), condition('Programmed', 'False')] }],
    ['a listener in conflict', GATEWAY, 'Gateway', { conditions: [condition('Accepted', 'True')], listeners: [{ name: 'http', conditions: [condition('Conflicted', 'True')] }] }],
    ['a route that one of two parents refuses', GATEWAY, 'HTTPRoute', { parents: [{ parentRef: { name: 'a' }, conditions: [condition('Accepted', 'True')] }, { parentRef: { name: 'b' }, conditions: [condition('Accepted', 'False', 'NotAllowedByListeners')] }] }],
    ['a route whose backend is not there', GATEWAY, 'GRPCRoute', { parents: [{ parentRef: { name: 'a' }, conditions: [condition('ResolvedRefs', 'False', 'BackendNotFound')] }] }],
    ['a TLS policy that an ancestor refuses', GATEWAY, 'BackendTLSPolicy', { ancestors: [{ ancestorRef: { name: 'a' }, conditions: [condition('Accepted', 'False')] }] }],
    ['what istiod’s analysis finds an error', 'networking.istio.io/v1', 'VirtualService', { validationMessages: [{ type: { name: 'ReferencedResourceNotFound', code: 'IST0101' }, level: 'ERROR' }] }],
    ['a policy that no waypoint takes', 'security.istio.io/v1', 'AuthorizationPolicy', { conditions: [condition('WaypointAccepted', 'False')] }],
    ['a control plane that cannot be reconciled', 'sailoperator.io/v1', 'Istio', { conditions: [condition('Reconciled', 'False', 'ReconcileError'), condition('Ready', 'True')] }],
    ['a rate limit that Linkerd refuses', 'policy.linkerd.io/v1alpha1', 'HTTPLocalRateLimitPolicy', { conditions: [condition('Accepted', 'False')] }],
    ['a rollout that is stuck', 'apps/v1', 'Deployment', { conditions: [condition('Available', 'False'), condition('Progressing', 'False', 'ProgressDeadlineExceeded')] }],
    ['pods that cannot be made', 'apps/v1', 'Deployment', { conditions: [condition('ReplicaFailure', 'True', 'FailedCreate')] }],
  ])('is bad for %s', (_, apiVersion, kind, status) => {
    expect(stateOf(apiVersion, kind, status)).toBe('UNHEALTHY');
  });

  it.each<[string, string, string, unknown]>([
    ['a gateway without an address yet', GATEWAY, 'Gateway', { conditions: [condition('Accepted', 'True'), condition('Programmed', 'False', 'AddressNotAssigned')] }],
    ['a gateway that waits for a controller', GATEWAY, 'Gateway', { conditions: [condition('Accepted', 'Unknown', 'Pending'), condition('Programmed', 'Unknown', 'Pending')] }],
    ['a control plane that comes up', 'sailoperator.io/v1', 'Istio', { conditions: [condition('Reconciled', 'True'), condition('Ready', 'False', 'IstiodNotReady')] }],
    ['configuration on its way to proxies', 'networking.istio.io/v1', 'Gateway', { conditions: [condition('Reconciled', 'False')] }],
  ])('is pending for %s', (_, apiVersion, kind, status) => {
    expect(stateOf(apiVersion, kind, status)).toBe('PENDING');
  });

  it.each<[string, string, string, unknown]>([
    ['an object without a status', 'networking.istio.io/v1', 'VirtualService', undefined],
    ['one whose controllers say yes', GATEWAY, 'HTTPRoute', { parents: [{ parentRef: { name: 'a' }, conditions: [condition('Accepted', 'True'), condition('ResolvedRefs', 'True')] }] }],
    ['mere warnings of istiod', 'networking.istio.io/v1', 'VirtualService', { validationMessages: [{ type: { code: 'IST0109' }, level: 'WARNING' }] }],
    ['conditions of which nothing is known', GATEWAY, 'HTTPRoute', { conditions: [condition('Sparkling', 'False')] }],
    ['a revision that nothing uses', 'sailoperator.io/v1', 'IstioRevision', { conditions: [condition('Reconciled', 'True'), condition('InUse', 'False', 'NotReferencedByAnything')] }],
    ['what is said of an older generation', GATEWAY, 'Gateway', { conditions: [condition('Accepted', 'False', 'Because', { observedGeneration: 1 })] }],
    ['what istiod says of an older generation, as text', 'networking.istio.io/v1', 'Gateway', { observedGeneration: '1', validationMessages: [], conditions: [condition('Accepted', 'False')] }],
    ['what istiod’s analysis said of an older generation', 'networking.istio.io/v1', 'Gateway', { observedGeneration: '1', validationMessages: [{ type: { code: 'IST0101' }, level: 'ERROR' }] }],
    ['kinds that no rule is for', 'example.com/v1', 'Thing', { conditions: [condition('Accepted', 'False')] }],
    ['a status that makes no sense', GATEWAY, 'Gateway', { conditions: { Accepted: false }, validationMessages: 'none' }],
  ])('is good for %s', (_, apiVersion, kind, status) => {
    expect(stateOf(apiVersion, kind, status)).toBe('HEALTHY');
  });

  it('says who says what, and how much more there is', () => {
    const status = { parents: [{ parentRef: { namespace: 'infra', name: 'edge' }, conditions: [condition('Accepted', 'False', 'NotAllowedByListeners'), condition('ResolvedRefs', 'False', 'BackendNotFound')] }] };
    expect(judgeHealth(object(GATEWAY, 'HTTPRoute', status))).toEqual({ state: 'UNHEALTHY', reason: 'NotAllowedByListeners', message: 'Gateway infra/edge: Accepted is False (NotAllowedByListeners): said the controller (and 1 more)' });
  });
});
