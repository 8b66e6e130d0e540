import { expect, it } from 'vitest';
import { refused, written } from '../preset-answers.fixture.ts';
import { faultInjection } from './fault-injection.ts';

const base = { namespace: 'shop', host: 'ratings', cohort: { by: 'HEADER', name: 'x-chaos', value: 'on' }, until: '2026-12-01T18:00:00Z' };

it('touches the cohort alone, and says until when', () => {
  expect(written(faultInjection, { ...base, delay: { time: '2s', percentage: 50 }, abort: { status: 503 } })).toMatchObject([
    {
      metadata: { annotations: { 'meshfleet.io/expires-at': '2026-12-01T18:00:00Z' } },
      spec: {
        http: [
          { match: [{ headers: { 'x-chaos': { exact: 'on' } } }], fault: { delay: { fixedDelay: '2s', percentage: { value: 50 } }, abort: { httpStatus: 503, percentage: { value: 100 } } } },
          { name: 'untouched' },
        ],
      },
    },
  ]);
});

it('can tell the cohort by who calls', () => {
  const [service] = written(faultInjection, { ...base, cohort: { by: 'CALLER', labels: { app: 'web' }, namespace: 'front' }, abort: { status: 500 } });
  expect(service).toMatchObject({ spec: { http: [{ match: [{ sourceLabels: { app: 'web' }, sourceNamespace: 'front' }] }, {}] } });
});

it('refuses a fault without an end, and one that does nothing', () => {
  const { until: _until, ...endless } = base;
  expect(refused(faultInjection, { ...endless, abort: { status: 503 } })).toHaveLength(1);
  expect(refused(faultInjection, { ...base, until: 'tomorrow', abort: { status: 503 } })).toHaveLength(1);
  expect(refused(faultInjection, base)).toEqual([': Set a delay, an abort, or both']);
});
