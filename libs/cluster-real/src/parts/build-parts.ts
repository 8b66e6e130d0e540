import { buildPart } from './build-part.ts';
import { goBuildLimit, wheelLimit } from './machine.ts';
import { PARTS, type Part, type PartName } from './part.ts';
import { isBuilt } from './part-cache.ts';

export interface BuildSummary {
  readonly built: readonly string[];
  readonly present: readonly string[];
  /** Parts that this machine cannot build, with the reason. */
  readonly left: readonly UnbuiltPart[];
  /** Parts whose build was tried and failed, or was not tried because the one before failed by what concerns all. */
  readonly failed: readonly UnbuiltPart[];
}

export interface UnbuiltPart {
  readonly name: string;
  readonly why: string;
}

/** Builds what is not there yet, one part after the other: a Go build fills every core by itself. */
export async function buildParts(names: readonly PartName[], onProgress: (line: string) => void): Promise<BuildSummary> {
  const limits = { go: goBuildLimit(), wheel: wheelLimit() };
  const summary = { built: [] as string[], present: [] as string[], left: [] as UnbuiltPart[], failed: [] as UnbuiltPart[] };
  const hopeless = new Map<Part['type'], string>();
  for (const part of names.map((name): Part => PARTS[name])) {
    const { name, type } = part;
    const limit = limits[type];
    const lost = hopeless.get(type);
    if (isBuilt(part)) summary.present.push(name);
    else if (limit !== undefined) summary.left.push({ name, why: limit });
    else if (lost !== undefined) summary.failed.push({ name, why: lost });
    else {
      const failure = await buildPart(part, onProgress);
      if (failure === undefined) summary.built.push(name);
      else summary.failed.push({ name, why: failure.why });
      if (failure?.concernsAll === true) hopeless.set(type, `${name} was not either, and it would be the same`);
    }
  }
  return summary;
}
