import type { KindFacts } from '../facts/kind-facts.ts';

/** A field that still works but should not be written any more. */
export interface DeprecatedField {
  readonly group: string;
  readonly kind: string;
  /** Path with `[]` for "each item of the list": `spec.http[].mirrorPercent`; with `=`, that value alone: `spec.mode=LEGACY`. */
  readonly path: string;
  /** What to write instead; `nothing` when it has no use any more. */
  readonly instead: string;
  /** Why it is deprecated or what it does today, in one sentence. */
  readonly why: string;
}

/** The kinds that manifests may hold, with what is known of each. */
export interface KindCatalogue {
  readonly kinds: readonly KindFacts[];
  readonly deprecatedFields: readonly DeprecatedField[];
  find(group: string, kind: string): KindFacts | undefined;
}

/** A catalogue of these kinds. Of two facts about one kind the last counts. */
export function createCatalogue(kinds: readonly KindFacts[], deprecatedFields: readonly DeprecatedField[] = []): KindCatalogue {
  const byName = new Map(kinds.map((kind) => [`${kind.group}/${kind.kind}`, kind]));
  return { kinds, deprecatedFields, find: (group, kind) => byName.get(`${group}/${kind}`) };
}

/** One catalogue of several. Where two know the same kind, the first wins. */
export function mergeCatalogues(...catalogues: readonly KindCatalogue[]): KindCatalogue {
  const kinds = new Map<string, KindFacts>();
  for (const catalogue of catalogues) {
    for (const kind of catalogue.kinds) {
      const name = `${kind.group}/${kind.kind}`;
      if (!kinds.has(name)) kinds.set(name, kind);
    }
  }
  return createCatalogue([...kinds.values()], catalogues.flatMap((catalogue) => catalogue.deprecatedFields));
}

/** A catalogue that knows these kinds otherwise, and all others as it does. */
export function withKinds(catalogue: KindCatalogue, kinds: readonly KindFacts[]): KindCatalogue {
  return kinds.length === 0 ? catalogue : mergeCatalogues(createCatalogue(kinds), catalogue);
}
