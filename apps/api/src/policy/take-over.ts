import type { ErrorEnvelope, KubeObject } from '@meshfleet/model';
import type { AssignedObject } from '@meshfleet/planner';
import { z } from 'zod';

const field = z
  .string()
  .max(512, 'A field’s path has at most 512 characters')
  .transform((path) => (path.startsWith('.') ? path : `.${path}`))
  .refine((path) => path.length > 1 && !path.endsWith('.'), { error: 'A field is written as a conflict names it', params: { fix: 'Write it as .spec.http, with the names of fields after points.' } })
  .refine((path) => !path.startsWith('.metadata.name') && path !== '.metadata', { error: 'What identifies an object cannot be taken over', params: { fix: 'Name fields of spec, labels or annotations: .metadata.labels.' } });

/** Objects, or single fields of objects, that are taken of whoever has them. */
export const takeOverInput = z
  .array(z.object({ object: z.string().max(1024, 'The key of an object has at most 1024 characters'), fields: z.array(field).min(1, 'Name the fields, or leave them out for the whole object').max(100, 'Of an object at most 100 fields are named').nullish() }))
  .max(5000, 'A policy takes over at most 5000 objects')
  .default([]);
export type TakeOver = z.output<typeof takeOverInput>;

/** Objects as they are assigned: each with what is taken of others for it. Problems name take-overs of objects that are not the policy's. */
export function withTakeOver<O extends AssignedObject>(objects: readonly O[], takeOver: TakeOver): { readonly objects: readonly O[]; readonly problems: readonly ErrorEnvelope[] } {
  const asked = new Map(takeOver.map(({ object, fields }) => [object, fields ?? []]));
  const known = new Set(objects.map(({ key }) => key));
  const problems = takeOver.flatMap(({ object }, index) => {
    if (!known.has(object)) return [noSuchObject(object, index)];
    return takeOver.findIndex((each) => each.object === object) === index ? [] : [namedTwice(object, index)];
  });
  const taking = objects.map((object): O => {
    const fields = asked.get(object.key);
    if (fields === undefined) return object;
    return fields.length === 0 ? { ...object, conflicts: 'FORCE' } : { ...object, takeOver: [...new Set(fields)].sort() };
  });
  return { objects: taking, problems };
}

/** Warns of fields that the policy does not set: of them nothing is taken, and a conflict about others stays one. */
export function idleTakeOvers(objects: readonly { readonly key: string; readonly body: KubeObject }[], takeOver: TakeOver): ErrorEnvelope[] {
  const bodies = new Map(objects.map(({ key, body }) => [key, body]));
  return takeOver.flatMap(({ object, fields }, index) =>
    (fields ?? []).flatMap((field, at): ErrorEnvelope[] => {
      const body = bodies.get(object);
      if (body === undefined || setsField(body, field)) return [];
      return [
        {
          code: 'TAKE_OVER_UNUSED',
          summary: `The policy does not set ${field} of ${object}`,
          why: 'nothing is taken over there, and a conflict about another field stays one',
          fix: 'Name what the manifest sets, as conflicts name it: .spec.http.',
          where: { field: ['input', 'takeOver', String(index), 'fields', String(at)] },
        },
      ];
    }),
  );
}

/** Whether an object sets a field, as far as its path goes by names alone: `.spec.ports` of `.spec.ports[port=80].name`. */
export function setsField(body: KubeObject, path: string): boolean {
  return leadsOn(body, path.slice(1));
}

/** The fields that an object sets, each as far down as names lead; without those that say which object it is. */
export function fieldsOf({ apiVersion: _apiVersion, kind: _kind, metadata: { name: _name, namespace: _namespace, ...metadata }, ...rest }: KubeObject): string[] {
  return leavesOf({ metadata, ...rest }, '');
}

function leavesOf(value: unknown, path: string): string[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [path];
  return Object.entries(value).flatMap(([name, inner]) => leavesOf(inner, `${path}.${name}`));
}

/** Names may hold points of their own, as those of labels do. */
function leadsOn(value: unknown, path: string): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return Object.entries(value).some(([name, inner]) => path === name || path.startsWith(`${name}[`) || (path.startsWith(`${name}.`) && leadsOn(inner, path.slice(name.length + 1))));
}

/** What a version takes over, as it was asked for. */
export function takeOverOf(objects: readonly AssignedObject[]): TakenObject[] {
  return objects
    .filter(({ conflicts, takeOver }) => conflicts === 'FORCE' || takeOver !== undefined)
    .map(({ key, conflicts, takeOver }) => ({ object: key, fields: conflicts === 'FORCE' ? null : (takeOver ?? null) }));
}

interface TakenObject {
  readonly object: string;
  /** Null: all that both set. */
  readonly fields: readonly string[] | null;
}

function noSuchObject(object: string, index: number): ErrorEnvelope {
  return {
    code: 'NOT_FOUND',
    summary: `The policy has no object ${object}`,
    why: 'only what a policy writes can be taken over by it',
    fix: 'Take the key from `objects` of policyCheck or of the policy’s version.',
    where: { field: ['input', 'takeOver', String(index), 'object'] },
  };
}

function namedTwice(object: string, index: number): ErrorEnvelope {
  return {
    code: 'INVALID_INPUT',
    summary: `${object} is taken over twice`,
    why: 'one says which fields, and the other something else',
    fix: 'Name the object once, with all its fields, or without any for the whole of it.',
    where: { field: ['input', 'takeOver', String(index), 'object'] },
  };
}
