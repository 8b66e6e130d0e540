import { definePreset, objectNameField } from '@meshfleet/manifest';
import { z } from 'zod';
import { policyTargetField } from '../parameters/policy-target.ts';
import { traceSampling, tracingSection } from '../parameters/telemetry-sections.ts';
import { ONE_TELEMETRY, telemetries } from './telemetry.ts';

export const traceSamplingPreset = definePreset({
  name: 'trace-sampling',
  title: 'Trace sampling',
  category: 'OBSERVABILITY',
  flavour: 'ISTIO',
  description: 'How many requests are traced, where the spans go, and what they carry besides.',
  notes: [
    ONE_TELEMETRY,
    'The provider must stand in the mesh configuration (extensionProviders); a name that does not is ignored, and so are the spans.',
    'The share is decided once, by the first proxy of a request, gateways above all. A caller that sends a sampled trace context is traced at any percentage: strip it at the gateway if callers are not yours.',
    'Applications must hand the trace headers on from the request that comes in to those that go out; a proxy cannot know which belongs to which.',
    'Istio takes one provider per proxy. A header in a tag may carry personal data into the traces.',
    'ztunnel writes no spans of requests; waypoints do.',
  ],
  parameters: z.strictObject({
    name: objectNameField.default('trace-sampling').meta({ title: 'Name', description: 'Name of the objects.' }),
    target: policyTargetField.meta({ title: 'Where', description: 'The mesh, namespaces, workloads by label, Services behind a waypoint, gateways, or all waypoints.' }),
    ...traceSampling,
  }),
  example: { target: { scope: 'NAMESPACES', namespaces: ['shop'] }, percentage: 5, provider: 'otel', customTags: [{ tag: 'cluster', literal: '${cluster.name}' }, { tag: 'tenant', header: 'x-tenant', defaultValue: 'none' }] },
  render: ({ name, target, ...tracing }) => telemetries(name, target, { tracing: [tracingSection(tracing)] }),
});
