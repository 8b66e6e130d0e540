import { labelKeyProblem, labelValueProblem } from '@meshfleet/model';
import { z } from 'zod';

/** Labels of the hub's own prefix are derived from a cluster's name and place. */
const RESERVED = 'meshfleet.io/';

/** Labels as GraphQL takes them, to a record. */
export const labelsInput = z
  .array(z.object({ key: z.string(), value: z.string() }))
  .max(64, 'A cluster has at most 64 labels')
  .transform((labels, context) => {
    const record: Record<string, string> = {};
    for (const [index, { key, value }] of labels.entries()) {
      const keyProblem = key.startsWith(RESERVED) ? `Labels that begin with ${RESERVED} are set by Meshfleet itself` : labelKeyProblem(key);
      const valueProblem = labelValueProblem(value);
      if (keyProblem !== undefined) context.addIssue({ code: 'custom', message: keyProblem, path: [index, 'key'], params: { fix: 'Write it as team or example.com/team.' } });
      if (valueProblem !== undefined) context.addIssue({ code: 'custom', message: valueProblem, path: [index, 'value'], params: { fix: 'Write it with letters, digits, - _ and . alone.' } });
      if (Object.hasOwn(record, key)) context.addIssue({ code: 'custom', message: `The label ${key} is there twice`, path: [index, 'key'], params: { why: 'a label has one value', fix: 'Leave one of them out.' } });
      // A key like __proto__ is refused above as it begins with no letter or digit.
      record[key] = value;
    }
    return record;
  });

/** A name that is also a label's value: clusters are selected by it. */
export const clusterName = z
  .string()
  .refine((text) => /^[a-z0-9]([-a-z0-9.]{0,61}[a-z0-9])?$/.test(text), { error: 'A cluster’s name is 1 to 63 of a-z 0-9 - . and begins and ends with a letter or digit', params: { fix: 'Write it as prod-eu-1.' } });

export const placeName = z.string().refine((text) => labelValueProblem(text) === undefined, { error: 'At most 63 of A-Z a-z 0-9 - _ . that begin and end with a letter or digit', params: { fix: 'Write it as eu-central-1.' } });
