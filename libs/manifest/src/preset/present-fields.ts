import type { JsonObject } from '@meshfleet/model';

/** The fields that are there: optional parameters that were not given become absent fields, as JSON wants it. */
export function presentFields(fields: object): JsonObject {
  // What is undefined has just been left out; parameters of presets hold what JSON can say.
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as JsonObject;
}
