import { expect, it } from 'vitest';
import { coversField } from './field-cover.ts';

it.each([
  ['.spec.http', '.spec.http', true],
  ['.spec', '.spec.http[0].timeout', true],
  ['.spec.http', '.spec.http[name="a"].timeout', true],
  ['.spec.http', '.spec.httpRoutes', false],
  ['.spec.http.timeout', '.spec.http', false],
  ['.metadata.labels.team', '.metadata.labels.team.io/owner', true],
  ['.metadata.labels.team', '.metadata.labels.teams', false],
])('%s covers %s: %s', (given, field, covered) => {
  expect(coversField([given], field)).toBe(covered);
});
