// Messages as agents and hubs of the first version of the protocol put them on the wire, word for word. They are never brought up to date: whoever is of
// today must go on reading them.

const CONDITION = { key: 'VirtualService.networking.istio.io/shop/reviews', policyId: '0190a1b2-0000-7000-8000-00000000000a', observedAt: '2026-01-01T12:00:01.000Z' };

/** What such an agent says. */
export const FROM_FIRST_AGENT = {
  reports: [
    { seq: 1767268800000, epoch: 0, revision: 0, conditions: { full: true, items: [] }, facts: { kubernetesVersion: 'v1.34.1', nodeCount: 3, region: 'eu-central-1', meshes: [{ flavour: 'ISTIO', revision: 'default', version: '1.27.1', namespace: 'istio-system' }], servedKinds: ['networking.istio.io/v1/VirtualService'], agentVersion: '0.1.0' } },
    { seq: 1767268800001, epoch: 1, revision: 42, digest: 'fc8b22e85da21f1e49aa4ccc3c4e63b021efd51cb19156964c04b75b4c421ae6', conditions: { full: false, items: [{ ...CONDITION, status: 'FAILED', reason: 'Conflict', message: 'argocd owns fields that the policy sets.', manager: 'argocd', fields: ['.spec.hosts'] }] } },
    { seq: 1767268800002, epoch: 1, revision: 42, conditions: { full: false, items: [{ ...CONDITION, status: 'CORRECTED', reason: 'FieldsChanged', message: 'kubectl-edit changed .spec.hosts; it was put back.', manager: 'kubectl-edit', fields: ['.spec.hosts'] }] }, inventory: { seq: 1767268800000, base: 0, upsert: [{ key: 'Namespace/shop', body: { labels: { 'istio-injection': 'enabled' }, phase: 'Active' } }], remove: [] } },
  ],
} as const;

/** What such a hub says. */
export const FROM_FIRST_HUB = {
  events: [
    { event: 'desired', id: '1.42', data: { epoch: 1, revision: 42, digest: 'fc8b22e85da21f1e49aa4ccc3c4e63b021efd51cb19156964c04b75b4c421ae6', mode: 'ENFORCE', approvedDeletions: 0 } },
    { event: 'control', data: { type: 'resync-inventory' } },
  ],
  reportResponses: [{ seq: 1767268800001 }, { seq: 1767268800002, resyncInventory: true }],
  delta: {
    protocol: 1, organizationId: '0190a1b2-0000-7000-8000-000000000001', clusterId: '0190a1b2-0000-7000-8000-00000000000c',
    epoch: 1, revision: 42, mode: 'ENFORCE', approvedDeletions: 0, issuedAt: '2026-01-01T12:00:00.000Z',
    base: null, digest: 'fc8b22e85da21f1e49aa4ccc3c4e63b021efd51cb19156964c04b75b4c421ae6', remove: [], tombstones: [],
    upsert: [{
      key: 'PeerAuthentication.security.istio.io/istio-system/default', hash: '6042d1a0bf5e39dc1ff8c3b8211175afe6edcc63f23aad0600b0d92bc80f14e2', policyId: '0190a1b2-0000-7000-8000-00000000000a',
      drift: 'CORRECT', conflicts: 'REPORT',
      object: { apiVersion: 'security.istio.io/v1', kind: 'PeerAuthentication', metadata: { name: 'default', namespace: 'istio-system' }, spec: { mtls: { mode: 'STRICT' } } },
    }],
  },
} as const;
