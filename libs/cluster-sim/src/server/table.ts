import type { KubeObject } from '@meshfleet/model';
import { humanAge } from '../kinds/human-duration.ts';
import type { PrinterColumn, ResourceInfo } from '../seam.ts';
import { readAll } from './json-path.ts';
import { partialMetadata } from './partial-metadata.ts';

export type IncludeObject = 'None' | 'Metadata' | 'Object';

/** meta/v1 Table: what `kubectl get` prints, cell by cell. */
export function toTable(
  info: ResourceInfo,
  objects: readonly KubeObject[],
  metadata: { resourceVersion?: string; continue?: string; remainingItemCount?: number },
  options: { includeObject: IncludeObject; version: string; now: Date; headers: boolean },
): unknown {
  return {
    kind: 'Table',
    apiVersion: `meta.k8s.io/${options.version}`,
    metadata,
    columnDefinitions: options.headers ? info.printerColumns.map(definition) : null,
    rows: objects.map((object) => ({
      cells: info.printerColumns.map((column) => cell(column, object, options.now)),
      ...embedded(object, options.includeObject),
    })),
  };
}

function definition(column: PrinterColumn): unknown {
  return {
    name: column.name,
    type: column.type,
    format: column.format ?? '',
    description: column.description ?? (column.name === 'Name' ? 'Name must be unique within a namespace.' : ''),
    priority: column.priority ?? 0,
  };
}

function cell(column: PrinterColumn, object: KubeObject, now: Date): unknown {
  if (column.render !== undefined) return column.render(object, now);
  const values = readAll(object, column.jsonPath ?? '');
  const [value] = values;
  if (value === undefined || value === null) return null;
  switch (column.type) {
    case 'date':
      return typeof value === 'string' ? humanAge(value, now) : '<unknown>';
    case 'integer':
      return typeof value === 'number' ? Math.trunc(value) : null;
    case 'number':
      return typeof value === 'number' ? value : null;
    case 'boolean':
      return typeof value === 'boolean' ? value : null;
    default:
      // kubectl shows lists and maps as JSON.
      return values.length > 1 ? values.map(text).join(' ') : text(value);
  }
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function embedded(object: KubeObject, include: IncludeObject): { object?: unknown } {
  if (include === 'None') return {};
  return { object: include === 'Object' ? object : partialMetadata(object) };
}
