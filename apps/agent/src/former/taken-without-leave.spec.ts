import type { KubeObject } from '@meshfleet/model';
import { describe, expect, it } from 'vitest';
import { contentMark } from '../apply/ownership.ts';
import type { FormerValues } from './hand-back.ts';
import { takenWithoutLeave } from './taken-without-leave.ts';

const HASH = 'a'.repeat(64);
const fields = (...names: string[]) => ({ 'f:spec': Object.fromEntries(names.map((name) => [`f:${name}`, {}])) });
const object = (spec: object, managedFields: KubeObject['metadata']['managedFields'] = []): KubeObject => ({ apiVersion: 'v1', kind: 'Thing', metadata: { name: 'a', uid: 'u', managedFields }, spec });
const live = object({ a: 'ours', b: 'ours' }, [{ manager: 'meshfleet', operation: 'Apply', fieldsV1: fields('a', 'b') }]);
const former: FormerValues = { uid: 'u', fields: fields('a', 'b'), theirs: fields('a', 'b'), values: { spec: { a: 'theirs', b: 'theirs' } } };
const entry = { hash: HASH, drift: 'CORRECT', conflicts: 'REPORT' } as const;
const lost = (change: Partial<FormerValues>, more: Partial<Parameters<typeof takenWithoutLeave>[1]> = {}, wanted = object({ a: 'next', b: 'next' })) => takenWithoutLeave({ ...former, ...change }, { ...entry, ...more }, live, wanted);

describe('what a version may not keep of what an earlier one took', () => {
  it('is what others held and it sets otherwise, without what it may take', () => {
    expect(lost({})).toEqual(fields('a', 'b'));
    expect(lost({}, { takeOver: ['.spec.a'] })).toEqual(fields('b'));
    expect(lost({}, { takeOver: ['.spec'] })).toEqual({});
    expect(lost({}, { conflicts: 'FORCE' })).toEqual({});
    expect(lost({}, {}, object({ a: 'theirs', b: 'next' }))).toEqual(fields('b'));
    expect(lost({}, {}, object({ a: 'next' }))).toEqual(fields('a'));
  });

  it('is nothing that nobody held, nor anything of another object of that name', () => {
    expect(lost({ theirs: fields('b') })).toEqual(fields('b'));
    expect(lost({ theirs: undefined })).toEqual({});
    expect(lost({ uid: 'another' })).toEqual({});
    expect(takenWithoutLeave(undefined, entry, live, object({ a: 'next' }))).toEqual({});
  });

  it('is nothing where it had the fields before somebody changed them, and puts changes right', () => {
    expect(lost({ over: contentMark(HASH) })).toEqual({});
    expect(lost({ over: contentMark(HASH) }, { drift: 'REPORT' })).toEqual(fields('a', 'b'));
    expect(lost({ over: 'another' })).toEqual(fields('a', 'b'));
  });
});
