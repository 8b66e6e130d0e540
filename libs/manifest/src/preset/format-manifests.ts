import type { KubeObject } from '@meshfleet/model';
import { stringify } from 'yaml';

/**
 * Objects as YAML documents that every reader takes for the same objects: kubectl reads YAML 1.1, in which `on`, `y` and
 * `012` are no texts unless they stand in quotes. `parseManifests` gives the objects back.
 */
export function formatManifests(objects: readonly KubeObject[]): string {
  return objects.map((object) => stringify(object, { version: '1.1', aliasDuplicateObjects: false, lineWidth: 0 })).join('---\n');
}
