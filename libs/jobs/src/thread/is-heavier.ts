/** What a value weighs beside its texts: about what its JSON has of brackets, commas and digits. */
const EACH = 4;

/**
 * Whether the JSON of a value would have about more than so many characters. It is not written for that, and nothing is looked
 * at beyond the limit: what is heavy costs no more to weigh than what is light.
 */
export function isHeavier(value: unknown, limit: number): boolean {
  let weight = 0;
  const open: unknown[] = [value];
  while (open.length > 0 && weight <= limit) {
    const each = open.pop();
    weight += EACH;
    if (typeof each === 'string') weight += each.length;
    else if (Array.isArray(each)) {
      // Of a long list its length alone decides.
      if (each.length * EACH > limit) return true;
      for (const item of each) open.push(item);
    } else if (each instanceof Set || each instanceof Map) {
      if (each.size * EACH > limit) return true;
      for (const item of each) open.push(item);
    } else if (typeof each === 'object' && each !== null) {
      for (const [field, item] of Object.entries(each)) {
        weight += field.length;
        open.push(item);
      }
    }
  }
  return weight > limit;
}
