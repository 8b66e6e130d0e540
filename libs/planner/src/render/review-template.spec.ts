import type { KubeObject } from '@meshfleet/model';
import { describe, expect, it } from 'vitest';
import { reviewTemplate } from './review-template.ts';
import type { Patch, Template } from './template.ts';

const object = (spec: unknown): KubeObject => ({ apiVersion: 'networking.istio.io/v1', kind: 'VirtualService', metadata: { name: 'reviews', namespace: 'shop' }, spec });
const patch = (value: Patch['value'], more: Partial<Patch> = {}): Patch => ({ clusterSelector: '', target: { group: null, kind: null, namespace: null, name: null }, type: 'MERGE', patch: '', value, ...more });
const variable = (name: string, otherwise: string): Template['variables'][number] => ({ name, description: null, default: otherwise, values: [] });
const review = (template: Partial<Template>) => reviewTemplate({ objects: [object({ host: '${var.host}' })], variables: [variable('host', 'a')], patches: [], ...template });

describe('a template', () => {
  it('that is sound passes', () => {
    expect(review({})).toEqual({ problems: [], warnings: [] });
  });

  it('that refers to a variable that nobody declared says where', () => {
    expect(review({ objects: [object({ a: [{ b: '${var.hots}' }], host: '${var.host}' })] }).problems).toEqual([
      { code: 'RENDER_FAILED', place: { object: 0, path: 'spec.a[0].b' }, summary: 'There is no variable hots', fix: 'The variables are host.' },
    ]);
  });

  it('with a patch for nothing, or one that is none, is refused', () => {
    const nobody = patch({}, { target: { group: null, kind: 'Gateway', namespace: null, name: null } });
    expect(review({ patches: [nobody, patch([])] }).problems.map(({ place, summary }) => [place, summary])).toEqual([
      [{ patch: 0 }, 'Patch 1 concerns none of the objects'],
      [{ patch: 1 }, 'A merge patch is a mapping that looks like the object'],
    ]);
  });

  it('with a patch that would move the end of an object is refused, since nothing would come of it', () => {
    const merged = patch({ metadata: { annotations: { 'meshfleet.io/expires-at': '2999-01-01T00:00:00Z' } } });
    const pointed = patch([{ op: 'add', path: '/metadata/annotations/meshfleet.io~1expires-at', value: '2999-01-01T00:00:00Z' }], { type: 'JSON' });
    expect(review({ patches: [merged, pointed] }).problems.map(({ place, summary }) => [place, summary])).toEqual([
      [{ patch: 0 }, 'Patch 1 sets when an object ends, which is the same in all clusters'],
      [{ patch: 1 }, 'Patch 2 sets when an object ends, which is the same in all clusters'],
    ]);
  });

  it('with variables that are there twice, or refer to each other, is refused', () => {
    expect(review({ variables: [variable('host', 'a'), variable('host', '${var.host}')] }).problems.map(({ summary }) => summary)).toEqual(['The variable host is there twice', 'The variable host refers to a variable']);
  });

  it('with a variable for nothing, or a misspelt reference, is worth a second look', () => {
    const { problems, warnings } = review({ variables: [variable('host', 'a'), variable('idle', 'b')], objects: [object({ host: '${var.host}', x: '${cluster.regoin}' })] });
    expect(problems).toEqual([]);
    expect(warnings.map(({ code, summary }) => `${code} ${summary}`)).toEqual(['REFERENCE_UNKNOWN ${cluster.regoin} is no reference, and is left as it is', 'VARIABLE_UNUSED Nothing refers to the variable idle']);
  });
});
