import { dnsLabelField, labelsField } from '@meshfleet/manifest';
import type { JsonObject } from '@meshfleet/model';
import { z } from 'zod';

const headerName = z.string().max(100).regex(/^[a-z0-9][-a-z0-9_]*$/, 'Write the name of a header in lower case, as in "x-tester"');

/** Requests that carry a header or a cookie. */
export const requestCohort = z.discriminatedUnion('by', [
  z.strictObject({
    by: z.literal('HEADER').meta({ title: 'By header', description: 'Requests with a header.' }),
    name: headerName.meta({ title: 'Header', description: 'Name in lower case.' }),
    match: z.enum(['EXACT', 'PREFIX', 'REGEX', 'PRESENT']).default('EXACT').meta({ title: 'Match', description: 'How the value is compared; PRESENT takes any value.' }),
    value: z.string().max(1_024).default('').meta({ title: 'Value', description: 'Not looked at when the header only has to be there.' }),
  }).refine(({ match, value }) => match === 'PRESENT' || value !== '', { path: ['value'], message: 'Give the value, or ask for PRESENT' }),
  z.strictObject({
    by: z.literal('COOKIE').meta({ title: 'By cookie', description: 'Requests with a cookie.' }),
    name: z.string().max(100).regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/, 'Write the name of a cookie').meta({ title: 'Cookie', description: 'Name of the cookie.' }),
    value: z.string().max(1_024).regex(/^[^;\s"]*$/, 'Write the value of a cookie: no spaces, quotes or semicolons').meta({ title: 'Value', description: 'Its exact value.' }),
  }),
]);
export type RequestCohort = z.output<typeof requestCohort>;

/** Who calls, as its own proxy knows it. */
export const callerCohort = z.strictObject({
  by: z.literal('CALLER').meta({ title: 'By caller', description: 'Requests of some workloads.' }),
  labels: labelsField.meta({ title: 'Labels', description: 'Labels of the calling workload.' }),
  namespace: dnsLabelField.optional().meta({ title: 'Namespace', description: 'Namespace of the calling workload.' }),
});

/** The condition of a VirtualService under which a request is of the cohort. */
export function cohortMatch(cohort: RequestCohort | z.output<typeof callerCohort>): JsonObject {
  switch (cohort.by) {
    case 'HEADER':
      return { headers: { [cohort.name]: headerCondition(cohort) } };
    case 'COOKIE':
      return { headers: { cookie: { regex: `(.*;\\s*)?${literally(`${cohort.name}=${cohort.value}`)}(;.*)?` } } };
    case 'CALLER':
      return { sourceLabels: cohort.labels, ...(cohort.namespace === undefined ? {} : { sourceNamespace: cohort.namespace }) };
  }
}

function headerCondition({ match, value }: Extract<RequestCohort, { by: 'HEADER' }>): JsonObject {
  switch (match) {
    case 'EXACT':
      return { exact: value };
    case 'PREFIX':
      return { prefix: value };
    case 'REGEX':
      return { regex: value };
    case 'PRESENT':
      return {};
  }
}

/** Text as RE2 matches it literally. */
export function literally(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}
