import { jsonOfObject } from '@meshfleet/model';
import type { KubeObject } from '@meshfleet/model';
import type { KindCatalogue } from '../catalogue/kind-catalogue.ts';
import type { ParsedDocument } from '../parse/parse-manifests.ts';
import { checkManifests } from './check-manifests.ts';
import type { CheckOptions, CheckResult } from './check-manifests.ts';

/** Checks objects that stand in no text, as `checkManifests` does those that do: document n is the nth object. */
export function checkObjects(objects: readonly KubeObject[], catalogue: KindCatalogue, options: CheckOptions): CheckResult {
  const documents = objects.map((object, index): ParsedDocument => {
    const place = { document: index + 1, line: 1, column: 1 };
    return { ...place, value: jsonOfObject(object), locate: () => place };
  });
  return checkManifests(documents, catalogue, options);
}
