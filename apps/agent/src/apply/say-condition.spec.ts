import type { DesiredEntry } from '@meshfleet/protocol';
import { describe, expect, it } from 'vitest';
import { conditionOf } from './say-condition.ts';

const entry = { key: 'VirtualService.networking.istio.io/shop/reviews', policyId: '00000000-0000-7000-8000-00000000000a' } as DesiredEntry; // what a condition says of it
const contestedBy = (manager: string) => conditionOf(entry, { kind: 'drifted', reason: 'Contested', fields: ['.spec.http'], manager }, new Date(0));

describe('what is said of a field that somebody keeps changing back', () => {
  it.each(['argocd-controller', 'kustomize-controller', 'helm-controller'])('points to the ignore rules where it is %s', (manager) => {
    expect(contestedBy(manager)).toMatchObject({ status: 'DRIFTED', manager, message: expect.stringMatching(/^.* keeps changing \.spec\.http back\. .* gitopsIgnoreRules/) as string });
  });

  it('does not where nobody reads such rules', () => {
    expect(contestedBy('kubectl-edit').message).not.toContain('gitopsIgnoreRules');
  });
});
