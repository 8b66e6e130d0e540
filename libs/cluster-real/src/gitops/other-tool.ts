import type { JsonObject, KubeObject } from '@meshfleet/model';
import { runCommand } from '../network/run-command.ts';
import { PINS } from '../parts/part-cache.ts';
import { join } from 'node:path';

/** A tool of other people's that keeps some objects of a cluster as its repository says, and runs for real. */
export interface OtherTool {
  /** The field manager that it writes under. */
  readonly manager: string;
  /** A new commit that holds these objects and no others; resolves when the tool has made them so, and said so. */
  publish(objects: readonly KubeObject[]): Promise<void>;
  /** Makes it compare cluster and repository once more, and act on that. Resolves to what it says then, such as `Ready` or `OutOfSync`. */
  reconcile(): Promise<string>;
  /** Merges this into the tool's own resource, as a person would who is given it; null takes a field away. */
  configure(patch: JsonObject): Promise<void>;
}

/** Folder of a module in Go's module cache that a part is built from: definitions are used from there, and copied nowhere. */
export async function moduleOf(part: 'flux' | 'argo-cd', module: string): Promise<string> {
  return (await runCommand('go', ['list', '-mod=readonly', '-m', '-f', '{{.Dir}}', module], '', { cwd: join(PINS, part) })).trim();
}
