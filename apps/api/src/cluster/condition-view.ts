import type { ObjectConditionRow } from '@meshfleet/store';

/** An object's condition as GraphQL's type ObjectCondition; cluster and policy are looked up when asked for. */
export function conditionView(row: ObjectConditionRow) {
  const { key, status, reason, message, manager, fields, observedAt, changers } = row;
  return { row, key, status, reason, message, manager, fields, observedAt, changers };
}

export type ConditionView = ReturnType<typeof conditionView>;
