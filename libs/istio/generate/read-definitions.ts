import { kindFactsOf } from '@meshfleet/manifest';
import type { KindFacts } from '@meshfleet/manifest';
import type { JsonObject } from '@meshfleet/model';
import { parseAllDocuments } from 'yaml';

/** The facts of every CustomResourceDefinition in a YAML file. */
export function readDefinitions(text: string): KindFacts[] {
  return parseAllDocuments(text)
    .map((document) => document.toJS() as JsonObject | null)
    .filter((definition): definition is JsonObject => definition?.['kind'] === 'CustomResourceDefinition')
    .map(kindFactsOf);
}
