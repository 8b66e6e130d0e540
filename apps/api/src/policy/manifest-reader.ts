import { MeshfleetError } from '@meshfleet/model';
import type { Patch } from '@meshfleet/planner';
import { Worker } from 'node:worker_threads';
import { readManifests, type ManifestOrder, type ReadManifests } from './read-manifests.ts';

/** Up to so many characters, an order is read where it is: some 10 ms, less than it takes to hand it over and back. */
const LARGE = 256 * 1024;
/** The longest that anybody's text may hold up those behind it. */
const LONGEST_MS = 30_000;
/** The same where schemas that agents sent decide how long it takes. */
const LONGEST_SERVED_MS = 10_000;
/** Texts of up to 8 MiB each that may wait. */
const MOST_WAITING = 16;
/** How often a text is read at most: once for each kind of cluster among its targets. */
const MOST_RENDERINGS = 50;
const IDLE_MS = 60_000;
const MEMORY_MIB = 768;

export type ReadAnswer = { readonly read: ReadManifests } | { readonly fault: string };

interface Waiting {
  readonly order: ManifestOrder;
  readonly answered: PromiseWithResolvers<ReadManifests>;
}

/**
 * Reads manifests without holding up everybody else's requests: large texts in a thread of their own, one after another.
 * What is held to schemas that agents sent goes there whatever its size: patterns and CEL rules of these are programs of
 * whoever owns a cluster, nothing bounds their time (`^(a+)+$`), and only a thread of its own can be ended in the middle of one.
 * The thread starts with the first one and ends when none has come for a minute.
 */
export class ManifestReader {
  readonly #longestMs: number;
  readonly #longestServedMs: number;
  readonly #waiting: Waiting[] = [];
  #worker: Worker | undefined;
  #reading: Waiting | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: { readonly longestMs?: number; readonly longestServedMs?: number } = {}) {
    this.#longestMs = options.longestMs ?? LONGEST_MS;
    this.#longestServedMs = options.longestServedMs ?? LONGEST_SERVED_MS;
  }

  /** @throws MeshfleetError LIMIT_EXCEEDED when it takes too long or too many wait */
  async read(order: ManifestOrder): Promise<ReadManifests> {
    if (!isServed(order) && weightOf(order) <= LARGE) return readManifests(order);
    if (this.#waiting.length >= MOST_WAITING) {
      throw new MeshfleetError({ code: 'LIMIT_EXCEEDED', summary: 'Too many large manifests are being read', fix: 'Try again in a moment.', where: FIELD });
    }
    const answered = Promise.withResolvers<ReadManifests>();
    this.#waiting.push({ order, answered });
    this.#next();
    return answered.promise;
  }

  /** Ends the thread; who waits is told. */
  async close(): Promise<void> {
    await this.#end(new MeshfleetError({ code: 'STORE_UNAVAILABLE', summary: 'The process is shutting down', fix: 'Send the request again.' }));
  }

  #next(): void {
    if (this.#reading !== undefined) return;
    clearTimeout(this.#timer);
    this.#reading = this.#waiting.shift();
    if (this.#reading === undefined) {
      this.#timer = setTimeout(() => void this.#end(), IDLE_MS).unref();
      return;
    }
    const { order } = this.#reading;
    this.#worker ??= this.#start();
    this.#worker.postMessage(order);
    const [longestMs, reason] = isServed(order) ? [this.#longestServedMs, rulesTooSlow] : [this.#longestMs, tooSlow];
    this.#timer = setTimeout(() => void this.#end(reason(longestMs)), longestMs).unref();
  }

  #start(): Worker {
    const worker = new Worker(workerFile(), { resourceLimits: { maxOldGenerationSizeMb: MEMORY_MIB } });
    // A thread that waits for texts keeps no process alive; whoever waits for an answer has a connection that does.
    worker.unref();
    worker.on('message', (answer: ReadAnswer) => {
      // Given up meanwhile: the answer is to nobody's question.
      if (this.#worker !== worker) return;
      const reading = this.#reading;
      this.#reading = undefined;
      if ('read' in answer) reading?.answered.resolve(answer.read);
      else reading?.answered.reject(new MeshfleetError({ code: 'INTERNAL', summary: 'Manifests could not be read', why: answer.fault }));
      this.#next();
    });
    worker.on('error', (error) => {
      if (this.#worker === worker) void this.#end(outOfMemory(error) ? tooMuch() : error);
    });
    return worker;
  }

  /** The text under way is lost with the thread; the ones behind it get another. */
  async #end(reason?: Error): Promise<void> {
    clearTimeout(this.#timer);
    const worker = this.#worker;
    this.#worker = undefined;
    const reading = this.#reading;
    this.#reading = undefined;
    if (reason !== undefined) reading?.answered.reject(reason);
    await worker?.terminate();
    if (this.#waiting.length > 0) this.#next();
  }
}

/** The one of this process. */
export const manifestReader = new ManifestReader();

/**
 * About how many characters there are to check, once for each rendering: the text, the patches of each object, the values
 * and where references repeat them. What copies grow to nobody knows before: those never hold up everybody else.
 */
function weightOf({ text, variables, patches, targets }: ManifestOrder): number {
  if (patches.some(copies)) return Number.POSITIVE_INFINITY;
  const objects = Math.max(1, occurrences(text, 'metadata'));
  const values = variables.flatMap(({ default: otherwise, values: others }) => [otherwise, ...others.map(({ value }) => value)]).map(lengthOf);
  const longest = values.reduce((most, length) => Math.max(most, length), 0);
  const references = occurrences(text, '${var.') + objects * patches.reduce((sum, { patch }) => sum + occurrences(patch, '${var.'), 0);
  const rendering = text.length + objects * lengthOf(patches.map(({ value }) => value)) + lengthOf(variables) + references * longest;
  return rendering * Math.max(1, Math.min(targets.length, MOST_RENDERINGS));
}

function occurrences(text: string, what: string): number {
  return text.split(what).length - 1;
}

function copies({ type, value }: Patch): boolean {
  return type === 'JSON' && Array.isArray(value) && value.some((operation: { readonly op?: unknown } | null) => operation?.op === 'copy');
}

function lengthOf(value: unknown): number {
  return JSON.stringify(value).length;
}

const FIELD = { field: ['input', 'manifests'] } as const;

/** Beside this file as a source, beside the bundle that this file is part of otherwise. */
function workerFile(): URL {
  return new URL(import.meta.url.endsWith('.ts') ? './read-manifests.worker.ts' : './read-manifests.worker.js', import.meta.url);
}

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
  return new MeshfleetError({ code: 'LIMIT_EXCEEDED', summary: `The manifests took longer than ${longestMs / 1000} s to read`, fix: 'Split them into several policies.', where: FIELD });
}

function tooMuch(): MeshfleetError {
  return new MeshfleetError({ code: 'LIMIT_EXCEEDED', summary: 'The manifests take more memory to read than there is', fix: 'Split them into several policies.', where: FIELD });
}

function outOfMemory(error: unknown): boolean {
  return (error as { code?: unknown } | undefined)?.code === 'ERR_WORKER_OUT_OF_MEMORY';
}
