import { KubeError } from '@meshfleet/kube';
import { describe, expect, it } from 'vitest';
import { explainFailure } from './explain-failure.ts';

const conflict = (...held: readonly [manager: string, field: string][]): KubeError =>
  new KubeError({
    status: 409,
    reason: 'Conflict',
    message: `Apply failed with ${String(held.length)} conflicts`,
    causes: held.map(([manager, field]) => ({ reason: 'FieldManagerConflict', message: `conflict with "${manager}"`, field })),
    request: 'apply',
  });

describe('a failed write, explained', () => {
  it('names a field once, although two managers hold it', () => {
    const failed = explainFailure(conflict(['kubectl', '.spec.http'], ['argocd-controller', '.spec.http'], ['kubectl', '.spec.hosts']));
    expect(failed).toMatchObject({ reason: 'Conflict', manager: 'kubectl', fields: ['.spec.http', '.spec.hosts'], transient: false });
    expect(failed.message).toMatch(/^kubectl, argocd-controller own fields .* Let it give them up, .*takeOver.*FORCE/);
  });

  it('sends nobody to ask the manager of what an earlier policy left in place', () => {
    const { message } = explainFailure(conflict(['meshfleet-left-behind', '.spec.hosts']));
    expect(message).toMatch(/earlier version or policy gave them back.*takeOver/);
    expect(message).not.toMatch(/Let it give them up/);
  });
});
