import { definePreset, positiveDurationField, presentFields } from '@meshfleet/manifest';
import { EXPIRES_AT } from '@meshfleet/model';
import { z } from 'zod';
import { callerCohort, cohortMatch, requestCohort } from '../parameters/cohort.ts';
import { percentageField } from '../parameters/percentage-field.ts';
import { routeFields } from '../parameters/service-fields.ts';
import { ONE_ROUTE_PER_HOST } from '../traffic/service-destination.ts';
import { virtualService } from '../traffic/service-route.ts';

export const faultInjection = definePreset({
  name: 'fault-injection',
  title: 'Fault injection',
  category: 'RESILIENCE',
  flavour: 'ISTIO',
  description: 'Delays or fails a share of the requests of one cohort, to see how callers take it, until a date. All other requests pass untouched.',
  notes: [
    ONE_ROUTE_PER_HOST,
    `The end is written as the annotation ${EXPIRES_AT}. At that time the hub withdraws the VirtualService from every cluster by itself, within a minute at the latest, and says so in the audit log. A cluster that is out of reach then keeps the fault until its agent is back: analysis reports it (MF0006).`,
    'What routed the host before the policy came (Kubernetes’ own balancing, or another VirtualService) does so again afterwards.',
    'Faults are made by the caller’s proxy: the service sees delayed requests late and aborted ones not at all. Callers without a proxy are not touched.',
    'A route with a fault has neither timeout nor retries in Istio: what is injected is what the caller gets.',
    'Mark the requests by a header that the caller’s tests set, rather than by callers, where real users share them.',
  ],
  parameters: z
    .strictObject({
      ...routeFields,
      cohort: z.discriminatedUnion('by', [...requestCohort.options, callerCohort]).meta({ title: 'Cohort', description: 'Which requests are touched.' }),
      delay: z
        .strictObject({
          time: positiveDurationField.meta({ title: 'Time', description: 'How long a request is held back.' }),
          percentage: percentageField.default(100).meta({ title: 'Percentage', description: 'Share of the cohort’s requests.' }),
        })
        .optional()
        .meta({ title: 'Delay', description: 'Holds requests back before they are sent.' }),
      abort: z
        .strictObject({
          status: z.int().min(200).max(599).meta({ title: 'Status', description: 'HTTP status that the caller gets.' }),
          percentage: percentageField.default(100).meta({ title: 'Percentage', description: 'Share of the cohort’s requests.' }),
        })
        .optional()
        .meta({ title: 'Abort', description: 'Answers requests in place of the service.' }),
      until: z.iso.datetime({ offset: false }).meta({ title: 'Until', description: 'End of the experiment, in UTC.', examples: ['2026-12-01T18:00:00Z'] }),
    })
    .refine(({ delay, abort }) => delay !== undefined || abort !== undefined, 'Set a delay, an abort, or both'),
  example: {
    namespace: 'shop',
    host: 'ratings',
    cohort: { by: 'HEADER', name: 'x-chaos', value: 'ratings-down' },
    delay: { time: '2s', percentage: 50 },
    abort: { status: 503, percentage: 10 },
    until: '2026-12-01T18:00:00Z',
  },
  render: (parameters) => {
    const { cohort, delay, abort, until } = parameters;
    const fault = presentFields({
      delay: delay === undefined ? undefined : { fixedDelay: delay.time, percentage: { value: delay.percentage } },
      abort: abort === undefined ? undefined : { httpStatus: abort.status, percentage: { value: abort.percentage } },
    });
    const service = virtualService(parameters, [
      { name: 'fault', match: [cohortMatch(cohort)], to: [{}], more: { fault } },
      { name: 'untouched', to: [{}] },
    ]);
    return [{ ...service, metadata: { ...service.metadata, annotations: { [EXPIRES_AT]: until } } }];
  },
});
