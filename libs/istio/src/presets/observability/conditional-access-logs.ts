import { definePreset, objectNameField } from '@meshfleet/manifest';
import { z } from 'zod';
import { policyTargetField } from '../parameters/policy-target.ts';
import { accessLogConditions, accessLogSection, hasCondition } from '../parameters/telemetry-sections.ts';
import { ONE_TELEMETRY, telemetries } from './telemetry.ts';

export const conditionalAccessLogs = definePreset({
  name: 'conditional-access-logs',
  title: 'Access logs by condition',
  category: 'OBSERVABILITY',
  flavour: 'ISTIO',
  description: 'Writes access log lines for the requests that matter: failed, slow, in plaintext, or whatever an expression says; and none for the rest.',
  notes: [
    ONE_TELEMETRY,
    'It replaces what the mesh or the namespace says of the same provider: where everything was logged, only what matches is from now on.',
    'A log that meshConfig.accessLogFile switches on is another one, and goes on as before: take it out, or lines come twice.',
    'Where several conditions are given one is enough. A TCP connection has no status: a condition about it does not hold, the others are judged as usual.',
    'istiod checks the grammar of an expression, not its names: a mistyped attribute makes a log that stays empty.',
    'ztunnel logs connections by itself and does not read this; waypoints do.',
  ],
  parameters: z
    .strictObject({
      name: objectNameField.default('access-logs').meta({ title: 'Name', description: 'Name of the objects.' }),
      target: policyTargetField.meta({ title: 'Where', description: 'The mesh, namespaces, workloads by label, Services behind a waypoint, gateways, or all waypoints.' }),
      ...accessLogConditions,
    })
    .refine(hasCondition, { path: ['statusFrom'], message: 'Name a condition: a status, a time, plaintext or an expression' }),
  example: { target: { scope: 'NAMESPACES', namespaces: ['shop'] }, reporter: 'SERVER', statusFrom: 500, slowerThan: '1s' },
  render: ({ name, target, ...logs }) => telemetries(name, target, { accessLogging: [accessLogSection(logs)] }),
});
