/**
 * The result with the nulls of the original that defaulting dropped. Reading a body drops nulls that a schema does not allow; an apply makes its own,
 * where a map loses all it had, and those are judged: kube-apiserver refuses them as `must be of type object: "null"`.
 */
export function withNullsOf(original: unknown, result: unknown): unknown {
  if (Array.isArray(original) && Array.isArray(result)) {
    return original.length === result.length ? result.map((item, index) => withNullsOf(original[index], item)) : result;
  }
  if (!isRecord(original) || !isRecord(result)) return result;
  const out: Record<string, unknown> = { ...result };
  for (const [name, value] of Object.entries(original)) {
    if (Object.hasOwn(out, name)) out[name] = withNullsOf(value, out[name]);
    else if (value === null) out[name] = null;
  }
  return out;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
