import { definePreset, objectNameField } from '@meshfleet/manifest';
import { z } from 'zod';
import { meshScopeField } from '../parameters/mesh-scope.ts';
import { accessLogConditions, accessLogSection, hasCondition, metricsSection, metricTrimming, traceSampling, tracingSection } from '../parameters/telemetry-sections.ts';
import { ONE_TELEMETRY, telemetries } from './telemetry.ts';

export const meshTelemetry = definePreset({
  name: 'mesh-telemetry',
  title: 'Metrics, traces and logs together',
  category: 'OBSERVABILITY',
  flavour: 'ISTIO',
  description: 'The whole telemetry of a mesh or namespace in one object: trimmed metrics, sampled traces, access logs by condition. Each part as in the preset of its own; what is left out stays as it is.',
  notes: [ONE_TELEMETRY, 'Notes of metric-dimension-trimming, trace-sampling and conditional-access-logs hold here too.'],
  parameters: z
    .strictObject({
      name: objectNameField.default('mesh-default').meta({ title: 'Name', description: 'Name of the objects. Istio’s own examples call that of the mesh "mesh-default".' }),
      target: meshScopeField.meta({ title: 'Where', description: 'The whole mesh, namespaces, or workloads by label.' }),
      metrics: z
        .strictObject(metricTrimming)
        .refine(({ removeTags, disableMetrics }) => removeTags.length + disableMetrics.length > 0, { path: ['removeTags'], message: 'Name labels to remove or metrics to switch off' })
        .optional()
        .meta({ title: 'Metrics', description: 'Labels and metrics to leave out.' }),
      tracing: z.strictObject(traceSampling).optional().meta({ title: 'Traces', description: 'Sampling, provider and tags.' }),
      accessLogs: z
        .strictObject(accessLogConditions)
        .refine(hasCondition, { path: ['statusFrom'], message: 'Name a condition: a status, a time, plaintext or an expression' })
        .optional()
        .meta({ title: 'Access logs', description: 'Conditions of which one must hold.' }),
    })
    .refine(({ metrics, tracing, accessLogs }) => metrics !== undefined || tracing !== undefined || accessLogs !== undefined, { path: ['metrics'], message: 'Say something of metrics, traces or logs' }),
  example: { target: { scope: 'MESH' }, metrics: { removeTags: ['source_principal', 'destination_principal'] }, tracing: { percentage: 1, provider: 'otel' }, accessLogs: { statusFrom: 400 } },
  render: ({ name, target, metrics, tracing, accessLogs }) =>
    telemetries(name, target, {
      ...(metrics === undefined ? {} : { metrics: [metricsSection(metrics)] }),
      ...(tracing === undefined ? {} : { tracing: [tracingSection(tracing)] }),
      ...(accessLogs === undefined ? {} : { accessLogging: [accessLogSection(accessLogs)] }),
    }),
});
