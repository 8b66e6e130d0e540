interface Frame {
  /** undefined in lists. */
  readonly keys: Set<string> | undefined;
  readonly path: string;
  field: string;
  index: number;
}

const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\]:,]/g;

/**
 * Paths of fields that a JSON text holds twice: `spec.replicas`, `spec.ports[0].name`. JSON.parse keeps the last one silently, and field
 * validation has to speak of it. The text must be valid JSON.
 */
export function duplicateFields(text: string): string[] {
  const duplicates: string[] = [];
  const stack: Frame[] = [];
  let pending: string | undefined;
  for (const [token] of text.matchAll(TOKEN)) {
    const frame = stack.at(-1);
    switch (token) {
      case '{':
      case '[':
        stack.push({ keys: token === '{' ? new Set() : undefined, path: pathOf(frame), field: '', index: 0 });
        break;
      case '}':
      case ']':
        stack.pop();
        break;
      case ',':
        if (frame !== undefined) frame.index += 1;
        break;
      case ':': {
        if (frame?.keys === undefined || pending === undefined) break;
        frame.field = JSON.parse(pending) as string;
        if (frame.keys.has(frame.field)) duplicates.push(pathOf(frame));
        frame.keys.add(frame.field);
        break;
      }
      default:
        pending = token;
    }
  }
  return duplicates;
}

function pathOf(frame: Frame | undefined): string {
  if (frame === undefined) return '';
  if (frame.keys === undefined) return `${frame.path}[${frame.index}]`;
  return frame.path === '' ? frame.field : `${frame.path}.${frame.field}`;
}
