import type { Json } from '@meshfleet/model';
import { parseDocument } from 'yaml';
import { convertYaml } from './convert-yaml.ts';
import type { ConversionFault } from './convert-yaml.ts';
import { createLineIndex } from './line-index.ts';
import type { ManifestProblem } from './manifest-problem.ts';
import { faultProblem, notYamlProblem } from './syntax-problems.ts';

/** One value as YAML or JSON, by the rules of manifests; or what is wrong with the text. */
export function parseValue(text: string): { readonly value: Json } | { readonly problem: ManifestProblem } {
  const position = createLineIndex(text, 1);
  const at = (offset: number) => ({ document: 1, ...position(offset) });
  try {
    const document = parseDocument(text, { schema: 'failsafe', uniqueKeys: false, prettyErrors: false, merge: false, logLevel: 'silent', stringKeys: false });
    const [error] = document.errors;
    if (error !== undefined) return { problem: notYamlProblem(at(error.pos[0]), error.code, error.message) };
    const faults: ConversionFault[] = [];
    const value = convertYaml(document, text, faults);
    const [fault] = faults;
    return fault === undefined ? { value } : { problem: faultProblem(fault, at) };
  } catch (error) {
    return { problem: notYamlProblem(at(0), 'RESOURCE_EXHAUSTION', error instanceof RangeError ? 'it is nested too deeply' : String(error)) };
  }
}
