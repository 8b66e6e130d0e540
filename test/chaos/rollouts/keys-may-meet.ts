/** Whether two lists of object keys may name one object: a variable stands for any text. */
export function keysMayMeet(one: readonly string[], other: readonly string[]): boolean {
  return one.some((a) => other.some((b) => a === b || patternOf(a).test(b) || patternOf(b).test(a)));
}

function patternOf(key: string): RegExp {
  return new RegExp(`^${key.split(/\$\{[^}]*\}/).map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('.*')}$`, 's');
}
