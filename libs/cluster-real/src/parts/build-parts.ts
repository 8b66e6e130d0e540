import { buildPart } from './build-part.ts';
import { machineLimits } from './machine.ts';
import { PARTS, type Part, type PartName } from './part.ts';
import { isBuilt } from './part-cache.ts';

export interface BuildSummary {
  readonly built: readonly string[];
  readonly present: readonly string[];
  /** Parts that this machine cannot build, with the reason and what will not run without them. */
  readonly left: readonly { readonly name: string; readonly why: string }[];
}

/** Builds what is not there yet, one part after the other: a Go build fills every core by itself. */
export async function buildParts(names: readonly PartName[], onProgress: (line: string) => void): Promise<BuildSummary> {
  const limits = machineLimits();
  const built: string[] = [];
  const present: string[] = [];
  const left: { name: string; why: string }[] = [];
  for (const name of names) {
    const part: Part = PARTS[name];
    const limit = part.type === 'go' ? limits.go : limits.wheel;
    if (isBuilt(part)) present.push(part.name);
    else if (limit !== undefined) left.push({ name: part.name, why: limit });
    else {
      await buildPart(part, onProgress);
      built.push(part.name);
    }
  }
  return { built, present, left };
}
