/** Freezes a JSON tree. Parts that are frozen already are taken as frozen to the bottom, so unchanged parts cost nothing. */
export function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  Object.freeze(value);
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index += 1) deepFreeze(value[index]);
    return value;
  }
  // Indexed access by the object's own keys.
  const record = value as Record<string, unknown>;
  for (const key in record) deepFreeze(record[key]);
  return value;
}
