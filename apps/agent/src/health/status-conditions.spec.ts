import { expect, it } from 'vitest';
import type { KubeObject } from '@meshfleet/model';
import { statusConditions } from './status-conditions.ts';

const withStatus = (status: unknown): KubeObject => ({ apiVersion: 'gateway.networking.k8s.io/v1', kind: 'HTTPRoute', metadata: { name: 'web' }, status });

it('gathers what each controller, parent, ancestor and listener says', () => {
  const condition = (type: string, more: object = {}) => ({ type, status: 'False', reason: 'Why', message: 'because', ...more });
  const found = statusConditions(
    withStatus({
      conditions: [condition('Programmed', { observedGeneration: 3, lastTransitionTime: '2026-01-01T00:00:00Z' })],
      parents: [{ parentRef: { namespace: 'infra', name: 'edge', sectionName: 'http' }, conditions: [condition('Accepted')] }, { parentRef: { kind: 'Service', name: 'web' }, conditions: [condition('ResolvedRefs')] }],
      ancestors: [{ ancestorRef: { kind: 'Gateway', name: 'edge' }, conditions: [condition('Accepted')] }],
      listeners: [{ name: 'http', conditions: [condition('Conflicted')] }],
    }),
  );
  expect(found.map(({ of, type }) => [of, type])).toEqual([
    [undefined, 'Programmed'],
    ['Gateway infra/edge, section http', 'Accepted'],
    ['Service web', 'ResolvedRefs'],
    ['Gateway edge', 'Accepted'],
    ['listener http', 'Conflicted'],
  ]);
  expect(found[0]).toEqual({ type: 'Programmed', status: 'False', reason: 'Why', message: 'because', observedGeneration: 3, lastTransitionTime: '2026-01-01T00:00:00Z' });
});

it('tells what istiod’s analysis says as it would of a condition', () => {
  const url = 'https://istio.io/latest/docs/reference/config/analysis/ist0101/';
  expect(statusConditions(withStatus({ validationMessages: [{ type: { name: 'ReferencedResourceNotFound', code: 'IST0101' }, level: 'ERROR', documentationUrl: url }, { type: { code: 'IST0109' }, level: 'WARNING' }, null] }))).toEqual([
    { type: 'PassedAnalysis', status: 'False', reason: 'IST0101', message: `ReferencedResourceNotFound: ${url}` },
    { type: 'PassedAnalysis', status: 'True', reason: 'IST0109', message: '' },
  ]);
});

it.each([undefined, null, 'ready', {}, { conditions: 'all good' }, { conditions: [null, 3, {}] }, { parents: [{}], listeners: [{ conditions: [{}] }] }])('makes nothing up of a status that is %j', (status) => {
  expect(statusConditions(withStatus(status)).every(({ status: said }) => said === '')).toBe(true);
});
