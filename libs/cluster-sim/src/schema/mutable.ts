/** A tree that the decoder made for this write alone; defaulting fills it in place. */
export type Mutable = { [key: string]: unknown };

export function setDefault(target: Mutable, key: string, value: unknown): void {
  if (target[key] === undefined || target[key] === null) target[key] = value;
}

/** The object under a key, made when it is missing. */
export function child(target: Mutable, key: string): Mutable {
  const existing = target[key];
  if (isMutable(existing)) return existing;
  const made: Mutable = {};
  target[key] = made;
  return made;
}

/** The object under a key when there is one. */
export function childIf(target: Mutable | undefined, key: string): Mutable | undefined {
  const existing = target?.[key];
  return isMutable(existing) ? existing : undefined;
}

export function items(target: Mutable | undefined, key: string): Mutable[] {
  const list = target?.[key];
  return Array.isArray(list) ? list.filter(isMutable) : [];
}

function isMutable(value: unknown): value is Mutable {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
