import { definePreset, objectNameField } from '@meshfleet/manifest';
import { z } from 'zod';
import { policyTargetField } from '../parameters/policy-target.ts';
import { metricsSection, metricTrimming } from '../parameters/telemetry-sections.ts';
import { ONE_TELEMETRY, telemetries } from './telemetry.ts';

export const metricDimensionTrimming = definePreset({
  name: 'metric-dimension-trimming',
  title: 'Fewer metric labels',
  category: 'OBSERVABILITY',
  flavour: 'ISTIO',
  description: 'Takes labels out of Istio’s metrics, and switches off whole metrics, before they reach Prometheus: what a big mesh pays for its metrics is labels times labels.',
  notes: [
    ONE_TELEMETRY,
    'Kiali draws its graph from source_workload, source_workload_namespace, destination_service, destination_service_name, destination_service_namespace, destination_workload, response_code, response_flags, request_protocol and their like: leave those to it.',
    'Good to remove: source_principal and destination_principal (long, and implied by workload and namespace), source_version, destination_version, and either app or canonical_service.',
    'Series that exist stay until the proxy restarts; dashboards see the old and the new side by side.',
    'Both proxies of a call report it. To keep one side alone, switch the other off: reporter CLIENT with all metrics named.',
    'ztunnel’s own metrics (istio_tcp_*) are not trimmed by it; waypoints’ are.',
  ],
  parameters: z
    .strictObject({
      name: objectNameField.default('metric-dimensions').meta({ title: 'Name', description: 'Name of the objects.' }),
      target: policyTargetField.meta({ title: 'Where', description: 'The mesh, namespaces, workloads by label, Services behind a waypoint, gateways, or all waypoints.' }),
      ...metricTrimming,
    })
    .refine(({ removeTags, disableMetrics }) => removeTags.length + disableMetrics.length > 0, { path: ['removeTags'], message: 'Name labels to remove or metrics to switch off' }),
  example: { target: { scope: 'MESH' }, removeTags: ['source_principal', 'destination_principal', 'source_version', 'destination_version'], disableMetrics: ['REQUEST_SIZE', 'RESPONSE_SIZE'] },
  render: ({ name, target, ...metrics }) => telemetries(name, target, { metrics: [metricsSection(metrics)] }),
});
