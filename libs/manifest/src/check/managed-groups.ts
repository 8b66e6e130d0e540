import type { ManagedKinds } from './resolve-kind.ts';

/** Policies manage every kind of these API groups, and no other. */
export function managedGroups(...groups: readonly string[]): ManagedKinds {
  const managed = new Set(groups);
  return ({ group }) => managed.has(group);
}
