import type { JsonObject } from '@meshfleet/model';
import { parseObjectKey } from '@meshfleet/model';

export interface Workload {
  /** `Deployment.apps/shop/checkout` */
  readonly key: string;
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
}

export interface Service {
  /** `Service/shop/checkout` */
  readonly key: string;
  readonly namespace: string;
  readonly name: string;
  /** Null for services without a selector. */
  readonly selector: Readonly<Record<string, string>> | null;
}

/** What of a cluster's inventory tells whom a mesh object concerns. */
export interface ClusterContents {
  readonly namespaces: readonly string[];
  readonly workloads: readonly Workload[];
  readonly services: readonly Service[];
}

/** Kinds of inventory rows that {@link contentsOf} reads. */
export const CONTENT_KINDS = ['Namespace', 'Service', 'Deployment', 'StatefulSet', 'DaemonSet'] as const;

/** Reads the rows of an inventory, as agents report them; rows of other kinds are passed over. */
export function contentsOf(rows: Iterable<{ readonly key: string; readonly body: JsonObject }>): ClusterContents {
  const namespaces: string[] = [];
  const workloads: Workload[] = [];
  const services: Service[] = [];
  for (const { key, body } of rows) {
    const parsed = parseObjectKey(key);
    if (parsed === undefined) continue;
    const { group, kind, namespace, name } = parsed;
    if (group === '' && kind === 'Namespace') namespaces.push(name);
    else if (group === '' && kind === 'Service') services.push({ key, namespace, name, selector: mapOfTexts(body['selector']) });
    else if (group === 'apps') workloads.push({ key, namespace, labels: mapOfTexts(body['labels']) ?? {} });
  }
  return { namespaces, workloads, services };
}

export function mapOfTexts(value: unknown): Record<string, string> | null {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null;
  const entries = Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === 'string');
  return entries.length === 0 ? null : Object.fromEntries(entries);
}
