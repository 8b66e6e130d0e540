import { describe, expect, it } from 'vitest';
import { takeOverInput, takeOverOf, withTakeOver } from './take-over.ts';

const objects = [{ key: 'VirtualService.networking.istio.io/shop/a', hash: '1' }, { key: 'VirtualService.networking.istio.io/shop/b', hash: '2' }];
const [first = { key: '', hash: '' }] = objects;

describe('what a policy takes over', () => {
  it('is a whole object, or the fields that are named, each once and in one order', () => {
    const asked = takeOverInput.parse([{ object: first.key, fields: ['spec.http', '.spec.hosts', 'spec.http'] }, { object: objects[1]?.key }]);
    const { objects: taking, problems } = withTakeOver(objects, asked);
    expect(problems).toEqual([]);
    expect(taking).toEqual([{ ...first, takeOver: ['.spec.hosts', '.spec.http'] }, { ...objects[1], conflicts: 'FORCE' }]);
    expect(takeOverOf(taking)).toEqual([{ object: first.key, fields: ['.spec.hosts', '.spec.http'] }, { object: objects[1]?.key, fields: null }]);
  });

  it('is nothing, unless it is asked for', () => {
    expect(withTakeOver(objects, takeOverInput.parse(undefined)).objects).toEqual(objects);
    expect(takeOverOf(objects)).toEqual([]);
  });

  it('is an object of the policy', () => {
    const { problems } = withTakeOver(objects, takeOverInput.parse([{ object: 'Secret/shop/theirs' }]));
    expect(problems).toMatchObject([{ code: 'NOT_FOUND', where: { field: ['input', 'takeOver', '0', 'object'] } }]);
  });

  it.each([['.metadata.name'], ['.metadata'], ['.'], [''], ['spec.']])('is no field %s', (path) => {
    expect(takeOverInput.safeParse([{ object: first.key, fields: [path] }]).success).toBe(false);
  });
});
