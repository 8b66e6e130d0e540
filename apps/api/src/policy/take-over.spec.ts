import { describe, expect, it } from 'vitest';
import { idleTakeOvers, takeOverInput, takeOverOf, withTakeOver } from './take-over.ts';

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

  it('is said once of each object', () => {
    const { problems } = withTakeOver(objects, takeOverInput.parse([{ object: first.key, fields: ['.spec.http'] }, { object: first.key }]));
    expect(problems).toMatchObject([{ code: 'INVALID_INPUT', where: { field: ['input', 'takeOver', '1', 'object'] } }]);
  });

  it('is nothing where the policy sets nothing, which is warned of', () => {
    const body = { apiVersion: 'networking.istio.io/v1', kind: 'VirtualService', metadata: { name: 'a', namespace: 'shop', labels: { team: 'x', 'istio.io/rev': 'stable' } }, spec: { http: [{ name: 'all' }] } };
    const asked = takeOverInput.parse([{ object: first.key, fields: ['.spec.http', '.spec.http[0].timeout', '.metadata.labels.team', '.spec.tcp', '.spec..http', '.metadata.labels["other/team"]', '.metadata.labels.istio.io/rev', '.metadata.labels.istio.io'] }]);
    expect(idleTakeOvers([{ key: first.key, body }], asked).map(({ where }) => where?.field?.join('.'))).toEqual(['input.takeOver.0.fields.3', 'input.takeOver.0.fields.4', 'input.takeOver.0.fields.7']);
  });

  it.each([['.metadata.name'], ['.metadata'], ['.'], [''], ['spec.']])('is no field %s', (path) => {
    expect(takeOverInput.safeParse([{ object: first.key, fields: [path] }]).success).toBe(false);
  });
});
