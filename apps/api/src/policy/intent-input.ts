import { parseValue } from '@meshfleet/manifest';
import { MeshfleetError, parseLabelSelector, type Json } from '@meshfleet/model';
import { patchProblem, type Patch, type Variable } from '@meshfleet/planner';
import { z } from 'zod';

// What zod calls JSON is JSON; only its type knows of mutable lists.
const json = z.json().transform((value) => value as Json);

const selector = z.string().max(4096, 'A label selector has at most 4096 characters').superRefine((text, context) => {
  try {
    parseLabelSelector(text);
  } catch (error) {
    if (!(error instanceof MeshfleetError)) throw error;
    context.addIssue({ code: 'custom', message: error.summary, params: { envelope: error.toEnvelope() } });
  }
});

const variableValue = json.refine((value) => JSON.stringify(value).length <= 64 * 1024, { error: 'A value of a variable has at most 64 KiB', params: { why: 'it is longer', fix: 'Write what is long into the manifests, and let variables hold what differs.' } });

const variable = z
  .object({
    name: z.string().refine((text) => /^[A-Za-z_][-A-Za-z0-9_]{0,62}$/.test(text), { error: 'A variable’s name is 1 to 63 of A-Z a-z 0-9 - _ and begins with a letter or _', params: { fix: 'Rename it, here and in each ${var.NAME}.' } }),
    description: z.string().max(2000, 'A description has at most 2000 characters').nullish(),
    default: variableValue.nullish(),
    values: z.array(z.object({ clusterSelector: selector, value: variableValue })).max(500, 'A variable has at most 500 values').nullish(),
  })
  .transform(({ name, description, default: otherwise, values }): Variable => ({ name, description: description ?? null, default: otherwise ?? null, values: values ?? [] }));

const target = z.object({ group: z.string().nullish(), kind: z.string().nullish(), namespace: z.string().nullish(), name: z.string().nullish() });

const patch = z
  .object({ clusterSelector: selector.nullish(), target: target.nullish(), type: z.enum(['MERGE', 'JSON']).default('MERGE'), patch: z.string().max(256 * 1024, 'A patch has at most 256 KiB') })
  .transform(({ clusterSelector, target: found, type, patch: text }, context): Patch => {
    const parsed = parseValue(text);
    const value = 'value' in parsed ? parsed.value : null;
    const problem = 'problem' in parsed ? parsed.problem.summary : patchProblem({ type, value });
    if (problem !== undefined) context.addIssue({ code: 'custom', message: problem, path: ['patch'], params: { why: `as ${type === 'MERGE' ? 'a merge patch' : 'a JSON patch'} it cannot be applied`, fix: type === 'MERGE' ? 'Write what is to change as it stands in the object, as in spec: {exportTo: ["."]}, or say type: JSON.' : 'Write a list as in [{op: replace, path: /spec/exportTo, value: ["."]}], or leave type out for a merge patch.' } });
    return {
      clusterSelector: clusterSelector ?? '',
      target: { group: found?.group ?? null, kind: found?.kind ?? null, namespace: found?.namespace ?? null, name: found?.name ?? null },
      type,
      patch: text,
      value,
    };
  });

const dnsLabel = (what: string, example: string) => z.string().refine((text) => /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(text), { error: `${what} is a DNS label: 1 to 63 of a-z 0-9 - that begins and ends with a letter or digit`, params: { fix: `Write it in small letters, with - between words: ${example}.` } });

export const policyName = dnsLabel('A policy’s name', 'strict-mtls');
export const namespaceName = dnsLabel('A namespace’s name', 'team-payments');

/** What makes a policy differ from cluster to cluster. */
export const intentInput = {
  variables: z.array(variable).max(200, 'A policy has at most 200 variables').default([]),
  patches: z.array(patch).max(200, 'A policy has at most 200 patches').default([]),
};

export const presetInput = z.object({ name: z.string().max(100, 'The name of a preset has at most 100 characters'), parameters: json.nullish() });
