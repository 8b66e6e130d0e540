/** A piece of a multi-document text. Lines count from 1 within the whole text. */
export interface TextDocument {
  readonly text: string;
  readonly line: number;
}

const SEPARATOR = /^-{3,}(?:[ \t]*(?:#.*)?$|[ \t]+\S)/;
const END = /^\.\.\.(?:[ \t]|$)/;
const NOTHING = /^[ \t]*(?:#.*)?$/;

/**
 * Splits text at `---` and `...`, as kubectl does before it reads any YAML: so one broken document spoils no other.
 * Longer rows of dashes separate too. Pieces without content are left out.
 */
export function splitDocuments(text: string): TextDocument[] {
  const lines = text.split('\n');
  const documents: TextDocument[] = [];
  let start = 0;
  let hasContent = false;
  let directives = false;
  const close = (end: number): void => {
    if (hasContent) documents.push({ text: lines.slice(start, end).join('\n') + (end < lines.length ? '\n' : ''), line: start + 1 });
    hasContent = false;
    directives = false;
  };
  lines.forEach((line, i) => {
    if (SEPARATOR.test(line)) {
      if (directives && !hasContent) return;
      close(i);
      start = i;
      if (/^-{4,}/.test(line)) lines[i] = line.replace(/^-+/, (dashes) => `---${' '.repeat(dashes.length - 3)}`);
      hasContent = !NOTHING.test(line.replace(/^-+/, ''));
    } else if (END.test(line)) {
      close(i);
      start = i + 1;
    } else if (!hasContent && line.startsWith('%')) {
      if (!directives) start = i;
      directives = true;
    } else if (!NOTHING.test(line)) {
      hasContent = true;
    }
  });
  close(lines.length);
  return documents;
}
