import { describe, expect, it } from 'vitest';
import { refused, written } from '../preset-answers.fixture.ts';
import { conditionalAccessLogs } from './conditional-access-logs.ts';
import { meshTelemetry } from './mesh-telemetry.ts';
import { metricDimensionTrimming } from './metric-dimension-trimming.ts';
import { traceSamplingPreset } from './trace-sampling.ts';

const target = { scope: 'MESH' };
const filter = (parameters: object): string => (written(conditionalAccessLogs, { target, ...parameters })[0]?.['spec'] as { accessLogging: [{ filter: { expression: string } }] }).accessLogging[0].filter.expression;

describe('fewer metric labels', () => {
  it('removes labels from all metrics, and switches off whole ones', () => {
    expect(written(metricDimensionTrimming, { target, removeTags: ['source_principal'], disableMetrics: ['REQUEST_SIZE'], reporter: 'CLIENT' })).toEqual([
      {
        apiVersion: 'telemetry.istio.io/v1',
        kind: 'Telemetry',
        metadata: { name: 'metric-dimensions', namespace: 'istio-system' },
        spec: {
          metrics: [
            {
              providers: [{ name: 'prometheus' }],
              overrides: [
                { match: { metric: 'ALL_METRICS', mode: 'CLIENT' }, tagOverrides: { source_principal: { operation: 'REMOVE' } } },
                { match: { metric: 'REQUEST_SIZE', mode: 'CLIENT' }, disabled: true },
              ],
            },
          ],
        },
      },
    ]);
  });

  it('refuses nothing, and what is no label', () => {
    expect(refused(metricDimensionTrimming, { target })).toEqual(['removeTags: Name labels to remove or metrics to switch off']);
    expect(refused(metricDimensionTrimming, { target, removeTags: ['Source-App'] })).toEqual(['removeTags.0: Must be the name of a label, as in "source_principal"']);
  });
});

describe('trace sampling', () => {
  it('says share, provider and tags, each tag from one source', () => {
    const customTags = [{ tag: 'a', literal: 'x' }, { tag: 'b', header: 'x-b', defaultValue: 'none' }, { tag: 'c', environment: 'POD' }];
    expect(written(traceSamplingPreset, { target, percentage: 0.5, provider: 'otel', customTags })[0]?.['spec']).toEqual({
      tracing: [{ providers: [{ name: 'otel' }], randomSamplingPercentage: 0.5, customTags: { a: { literal: { value: 'x' } }, b: { header: { name: 'x-b', defaultValue: 'none' } }, c: { environment: { name: 'POD' } } } }],
    });
    expect(written(traceSamplingPreset, { target, percentage: 0, disableSpans: true, istioTags: false })[0]?.['spec']).toEqual({ tracing: [{ randomSamplingPercentage: 0, disableSpanReporting: true, enableIstioTags: false }] });
  });

  it('refuses tags without source or with two, and shares beyond all', () => {
    expect(refused(traceSamplingPreset, { target, percentage: 1, customTags: [{ tag: 'a' }] })).toEqual(['customTags.0: Give one source: a fixed value, a header or a variable']);
    expect(refused(traceSamplingPreset, { target, percentage: 1, customTags: [{ tag: 'a', literal: 'x', header: 'y' }] })).toHaveLength(1);
    expect(refused(traceSamplingPreset, { target, percentage: 100.5 })).toHaveLength(1);
  });
});

describe('access logs by condition', () => {
  it('write a line when one of the conditions holds', () => {
    expect(filter({ statusFrom: 500 })).toBe('response.code >= 500');
    expect(filter({ statusFrom: 400, slowerThan: '1m0.5s', withoutMutualTls: true, expression: "request.method == 'PUT'" })).toBe("(response.code >= 400) || (request.duration > duration(\"60500ms\")) || (!connection.mtls) || (request.method == 'PUT')");
  });

  it('refuse no condition, and what is no expression', () => {
    expect(refused(conditionalAccessLogs, { target })).toEqual(['statusFrom: Name a condition: a status, a time, plaintext or an expression']);
    expect(refused(conditionalAccessLogs, { target, expression: 'response.code >=' })).toEqual(['expression: Must be an expression in CEL, as in "request.url_path.startsWith(\'/admin\')"']);
  });
});

describe('metrics, traces and logs together', () => {
  it('are one object, each part as in the preset of its own', () => {
    const metrics = { removeTags: ['source_app'] };
    const accessLogs = { statusFrom: 500 };
    const tracing = { percentage: 2 };
    const parts = [written(metricDimensionTrimming, { target, ...metrics }), written(traceSamplingPreset, { target, ...tracing }), written(conditionalAccessLogs, { target, ...accessLogs })].flat().map(({ spec }) => spec as object);
    const whole = written(meshTelemetry, { target, metrics, tracing, accessLogs });
    expect(whole).toHaveLength(1);
    expect(whole[0]?.['spec']).toEqual(Object.assign({}, ...parts));
  });

  it('leave out what is not said, and refuse nothing at all', () => {
    expect(Object.keys(written(meshTelemetry, { target, tracing: { percentage: 2 } })[0]?.['spec'] as object)).toEqual(['tracing']);
    expect(refused(meshTelemetry, { target })).toEqual(['metrics: Say something of metrics, traces or logs']);
  });
});
