import type { KindCatalogue, KindFacts } from '@meshfleet/manifest';
import { contentHash } from '@meshfleet/model';
import type { ServedKind } from '@meshfleet/protocol';
import { findKindSchemas } from '../agent/kind-schemas.ts';
import type { Sql } from '../connection/sql.ts';

/** Kinds as clusters serve them, by digest; the same digest is the same kind for everybody, whoever sent it. */
const read = new Map<string, KindFacts>();
const MOST_READ = 300;
const knownDigests = new WeakMap<KindFacts, string>();

/** Digests of schemas by kind, as an agent reports them. */
export type KindSchemas = Readonly<Record<string, string>> | null | undefined;

/** For each cluster, or group of clusters that serve the same: those of these kinds that its API server knows otherwise than we do. */
export async function findServedKinds(sql: Sql, known: KindCatalogue, served: readonly KindSchemas[], kinds: readonly string[]): Promise<(readonly KindFacts[])[]> {
  const foreign = served.map((schemas) =>
    kinds.flatMap((kind) => {
      const digest = schemas?.[kind];
      return digest === undefined || digest === knownDigest(known, kind) ? [] : [digest];
    }),
  );
  const wanted = [...new Set(foreign.flat())].filter((digest) => !read.has(digest));
  if (wanted.length > 0) for (const [digest, kind] of await findKindSchemas(sql, wanted)) remember(digest, factsOf(kind));
  return foreign.map((digests) => digests.flatMap((digest) => read.get(digest) ?? []));
}

function knownDigest(known: KindCatalogue, name: string): string | undefined {
  const dot = name.indexOf('.');
  const facts = known.find(dot === -1 ? '' : name.slice(dot + 1), dot === -1 ? name : name.slice(0, dot));
  if (facts === undefined) return undefined;
  const digest = knownDigests.get(facts) ?? contentHash(servedOf(facts));
  knownDigests.set(facts, digest);
  return digest;
}

function servedOf({ group, kind, plural, scope, versions }: KindFacts): unknown {
  return { group, kind, plural, scope, versions: versions.map(({ name, served, storage, deprecated, schema }) => ({ name, served, storage, deprecated, schema })) };
}

/** Equal schemas are one node, by which versions are told to be the same. */
function factsOf({ versions, ...kind }: ServedKind): KindFacts {
  const nodes = new Map<string, KindFacts['versions'][number]['schema']>();
  return {
    ...kind,
    singular: kind.kind.toLowerCase(),
    shortNames: [],
    categories: [],
    versions: versions.map(({ schema, ...version }) => {
      const hash = contentHash(schema);
      // JSON of an OpenAPI schema; the engine reads only what it knows of it.
      const node = nodes.get(hash) ?? (schema as KindFacts['versions'][number]['schema']);
      nodes.set(hash, node);
      return { ...version, subresources: [], printerColumns: [], schema: node };
    }),
  };
}

function remember(digest: string, facts: KindFacts): void {
  read.set(digest, facts);
  const [oldest] = read.keys();
  if (read.size > MOST_READ && oldest !== undefined) read.delete(oldest);
}
