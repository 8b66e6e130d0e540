import type { Json, JsonObject } from '@meshfleet/model';
import type { DeprecatedField } from '../catalogue/kind-catalogue.ts';
import { problem } from '../parse/manifest-problem.ts';
import type { ManifestProblem } from '../parse/manifest-problem.ts';
import type { ParsedDocument } from '../parse/parse-manifests.ts';

/** A warning for each deprecated field that a document sets. */
export function findDeprecatedFields(document: ParsedDocument, fields: readonly DeprecatedField[], object: string): ManifestProblem[] {
  return fields.flatMap((field) => {
    const [path = '', wanted] = field.path.split('=');
    return matches(document.value, path.split('.'), '')
      .filter((match) => wanted === undefined || match.value === wanted)
      .map((match) => {
        const what = wanted === undefined ? match.path : `${match.path}: ${wanted}`;
        return problem('MANIFEST_DEPRECATED', document.locate(match.path), `${what} is deprecated`, field.why, field.instead === 'nothing' ? 'Remove it.' : `Write ${field.instead} instead.`, object);
      });
  });
}

function matches(value: Json | undefined, steps: readonly string[], path: string): { path: string; value: Json }[] {
  if (value === undefined || value === null) return [];
  const [step, ...rest] = steps;
  if (step === undefined) return [{ path, value }];
  const name = step.replace(/\[\]$/, '');
  if (typeof value !== 'object' || Array.isArray(value)) return [];
  const child = (value as JsonObject)[name];
  const at = path === '' ? name : `${path}.${name}`;
  if (!step.endsWith('[]')) return matches(child, rest, at);
  if (!Array.isArray(child)) return [];
  return (child as readonly Json[]).flatMap((item, i) => matches(item, rest, `${at}[${i}]`));
}
