import { MeshfleetError } from '@meshfleet/model';
import { taskThread, type ApiThread } from '../thread/task-thread.ts';
import { readManifests, type ManifestOrder, type ReadManifests } from './read-manifests.ts';
import { LIGHT, weightOf } from './weigh-manifests.ts';

/** The longest that anybody's text may hold up those behind it. */
const LONGEST_MS = 30_000;
/** The same where schemas that agents sent decide how long it takes. */
const LONGEST_SERVED_MS = 10_000;

/**
 * Reads manifests without holding up everybody else's requests: large texts in a thread of their own. What is held to schemas
 * that agents sent goes there whatever its size: patterns and CEL rules of these are programs of whoever owns a cluster, nothing
 * bounds their time (`^(a+)+$`), and only a thread of its own can be ended in the middle of one.
 */
export class ManifestReader {
  readonly #thread: ApiThread;
  readonly #longestMs: number;
  readonly #longestServedMs: number;

  constructor(options: { readonly thread?: ApiThread; readonly longestMs?: number; readonly longestServedMs?: number } = {}) {
    this.#thread = options.thread ?? taskThread;
    this.#longestMs = options.longestMs ?? LONGEST_MS;
    this.#longestServedMs = options.longestServedMs ?? LONGEST_SERVED_MS;
  }

  /** @throws MeshfleetError LIMIT_EXCEEDED when it takes too long or too many wait */
  async read(organizationId: string, order: ManifestOrder): Promise<ReadManifests> {
    if (!isServed(order) && weightOf(order) <= LIGHT) return readManifests(order);
    const [longestMs, reason] = isServed(order) ? [this.#longestServedMs, rulesTooSlow] : [this.#longestMs, tooSlow];
    return this.#thread.run(organizationId, 'readManifests', order, { longestMs, tooSlow: () => reason(longestMs), tooMuch });
  }
}

/** The one of this process. */
export const manifestReader = new ManifestReader();

const FIELD = { field: ['input', 'manifests'] } as const;

function isServed({ served }: ManifestOrder): boolean {
  return served.some(({ kinds }) => kinds.length > 0);
}

function rulesTooSlow(longestMs: number): MeshfleetError {
  return new MeshfleetError({
    code: 'LIMIT_EXCEEDED',
    summary: `It took longer than ${longestMs / 1000} s to check the manifests against the definitions that are installed in the clusters`,
    why: 'A pattern or a rule in one of these CustomResourceDefinitions may take very long for such values.',
    fix: 'Split the manifests into several policies; or mend the definitions of the clusters that serve others than the mesh installs.',
    where: FIELD,
  });
}

function tooSlow(longestMs: number): MeshfleetError {
  return new MeshfleetError({ code: 'LIMIT_EXCEEDED', summary: `The manifests took longer than ${longestMs / 1000} s to read`, why: 'others wait for the same thread, and nobody is to hold it for longer', fix: 'Split them into several policies.', where: FIELD });
}

function tooMuch(): MeshfleetError {
  return new MeshfleetError({ code: 'LIMIT_EXCEEDED', summary: 'The manifests take more memory to read than there is', why: 'each kind of cluster gets them with its own values and patches, which adds up', fix: 'Split them into several policies.', where: FIELD });
}
