import { withoutRules } from '@meshfleet/manifest';
import type { KindCatalogue, KindFacts } from '@meshfleet/manifest';
import { contentHash } from '@meshfleet/model';
import { kindName } from '@meshfleet/protocol';
import type { ServedKind } from '@meshfleet/protocol';
import { findKindSchemas } from '../agent/kind-schemas.ts';
import type { Sql } from '../connection/sql.ts';

/** Kinds as clusters serve them, by rules and digest; the same digest is the same kind for everybody, whoever sent it. */
const read = new Map<string, { readonly facts: KindFacts; readonly size: number }>();
/** As text; in memory they are some times larger. */
const MOST_READ_BYTES = 32 * 1024 * 1024;
let readBytes = 0;
const knownDigests = new WeakMap<KindFacts, string>();

/** Digests of schemas by kind, as an agent reports them. */
export type KindSchemas = Readonly<Record<string, string>> | null | undefined;

/**
 * What is taken of schemas that agents sent. Their patterns and CEL rules are programs of whoever owns a cluster, and one
 * like `^(a+)+$` runs for longer than anybody waits. `ALL` is for a thread that can be ended, never for an event loop that
 * others share: there it is `STRUCTURE`, and what only a rule refuses, the API server refuses, and says so as FAILED.
 */
export type ServedRules = 'ALL' | 'STRUCTURE';

/**
 * For each cluster, or group of clusters that serve the same: those of these kinds that its API server knows otherwise than
 * we do. A digest of another kind than the one it is named for is nothing that a cluster can serve, and is left out.
 */
export async function findServedKinds(sql: Sql, known: KindCatalogue, served: readonly KindSchemas[], kinds: readonly string[], rules: ServedRules): Promise<(readonly KindFacts[])[]> {
  const foreign = served.map((schemas) =>
    kinds.flatMap((kind) => {
      const digest = schemas?.[kind];
      return digest === undefined || digest === knownDigest(known, kind) ? [] : [{ kind, digest }];
    }),
  );
  const found = new Map<string, KindFacts>();
  const wanted: string[] = [];
  for (const digest of new Set(foreign.flat().map((each) => each.digest))) {
    const facts = read.get(`${rules} ${digest}`)?.facts;
    if (facts === undefined) wanted.push(digest);
    else found.set(digest, facts);
  }
  if (wanted.length > 0) {
    for (const [digest, { body, size }] of await findKindSchemas(sql, wanted)) {
      const facts = factsOf(body, rules);
      found.set(digest, facts);
      remember(`${rules} ${digest}`, facts, size);
    }
  }
  return foreign.map((named) =>
    named.flatMap(({ kind, digest }) => {
      const facts = found.get(digest);
      return facts === undefined || kindName(facts) !== kind ? [] : [facts];
    }),
  );
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
function factsOf({ versions, ...kind }: ServedKind, rules: ServedRules): KindFacts {
  const nodes = new Map<string, KindFacts['versions'][number]['schema']>();
  return {
    ...kind,
    singular: kind.kind.toLowerCase(),
    shortNames: [],
    categories: [],
    versions: versions.map(({ schema, ...version }) => {
      const hash = contentHash(schema);
      // JSON of an OpenAPI schema; the engine reads only what it knows of it.
      const whole = schema as KindFacts['versions'][number]['schema'];
      const node = nodes.get(hash) ?? (rules === 'ALL' ? whole : withoutRules(whole));
      nodes.set(hash, node);
      return { ...version, subresources: [], printerColumns: [], schema: node };
    }),
  };
}

function remember(name: string, facts: KindFacts, size: number): void {
  if (read.has(name)) return;
  read.set(name, { facts, size });
  readBytes += size;
  for (const [oldest, { size: freed }] of read) {
    if (readBytes <= MOST_READ_BYTES) break;
    read.delete(oldest);
    readBytes -= freed;
  }
}
