import type { ConversionFault } from './convert-yaml.ts';
import { problem } from './manifest-problem.ts';
import type { ManifestProblem, Position } from './manifest-problem.ts';

const ADVICE: Record<string, { why: string; fix: string }> = {
  TAB_AS_INDENT: { why: 'A tab stands where YAML takes only spaces for indentation.', fix: 'Replace the tabs of this document by spaces.' },
  BAD_INDENT: { why: 'The indentation of this line fits none of the levels above it.', fix: 'Indent it as the lines that it belongs with.' },
  BLOCK_AS_IMPLICIT_KEY: { why: 'A second "key: value" stands on a line that has one already.', fix: 'Put it on a line of its own, or quote the value if the colon belongs to it.' },
  MISSING_CHAR: { why: 'A quote, bracket or colon is not closed or not there.', fix: 'Look for it on this line and the one before.' },
  MULTILINE_IMPLICIT_KEY: { why: 'A line without a colon stands among "key: value" lines.', fix: 'Add the colon, or join the line with the one that it continues.' },
  UNEXPECTED_TOKEN: { why: 'A character stands where YAML does not allow it.', fix: 'Quote the value if the character belongs to it.' },
  BAD_ALIAS: { why: 'An alias (*name) does not refer to an anchor (&name) of the same document.', fix: 'Define the anchor before the alias, or quote a value that begins with *.' },
  RESOURCE_EXHAUSTION: { why: 'Reading it would take more memory than a manifest is worth.', fix: 'Write the object without so much nesting.' },
};

/** Text that the YAML parser refuses. */
export function notYamlProblem(at: Position, code: string, message: string): ManifestProblem {
  if (/call stack/.test(message)) return notYamlProblem(at, 'RESOURCE_EXHAUSTION', 'it is nested too deeply');
  const advice = ADVICE[code] ?? { why: 'The text breaks the grammar of YAML here.', fix: 'Compare the line with its neighbours: indentation, quotes and colons are the usual causes.' };
  const plain = message.split('\n')[0] ?? message;
  return problem('MANIFEST_NOT_YAML', at, `Document ${at.document} is not YAML: ${plain.charAt(0).toLowerCase()}${plain.slice(1)}`, advice.why, advice.fix);
}

/** Text of a template engine that has not been run. */
export function templatedProblem(at: Position): ManifestProblem {
  return problem(
    'MANIFEST_TEMPLATED',
    at,
    `Document ${at.document} is a template, not a manifest`,
    'It holds {{ ... }} or {% ... %}, which Helm or another template engine would fill in first.',
    'Run `helm template` (or your engine) and paste its output. Where clusters differ, make one policy for each group of them.',
  );
}

/** Offset of the first template mark outside comments. */
export function templateLine(text: string): number | undefined {
  if (!text.includes('{{') && !text.includes('{%')) return undefined;
  let offset = 0;
  for (const line of text.split('\n')) {
    const mark = line.search(/\{\{|\{%/);
    const comment = line.search(/(?:^|\s)#/);
    if (mark !== -1 && (comment === -1 || mark < comment)) return offset + mark;
    offset += line.length + 1;
  }
  return undefined;
}

/** YAML that is sound but cannot become a Kubernetes object. */
export function faultProblem(fault: ConversionFault, at: (offset: number) => Position): ManifestProblem {
  const here = at(fault.offset);
  switch (fault.kind) {
    case 'duplicate-key': {
      const first = at(fault.other ?? fault.offset);
      return problem('MANIFEST_INVALID', here, `The key "${fault.subject}" stands twice, on lines ${first.line} and ${here.line}`, 'Only one of the two values could count, and which one depends on the tool that reads it.', 'Remove one of the two, or join their values.');
    }
    case 'complex-key':
      return problem('MANIFEST_INVALID', here, `Document ${here.document} has a key that is not text`, 'A list, a mapping or nothing stands where Kubernetes takes only text.', 'Quote the key if its brackets belong to it.');
    case 'number':
      return problem('MANIFEST_INVALID', here, `${fault.subject} is not a number that JSON can hold`, 'Kubernetes objects travel as JSON, which has no infinity and no NaN.', 'Quote the value if it is meant as text.');
    case 'alias':
      return problem('MANIFEST_NOT_YAML', here, `The alias *${fault.subject} refers to nothing that stands before it`, 'An alias takes the value of an anchor (&name) earlier in the same document, and not of one that it is part of.', 'Define the anchor first; anchors do not reach across ---.');
    case 'merge':
      return problem('MANIFEST_INVALID', here, 'A merge key (<<) is given something that is not a mapping', 'Only mappings, or a list of mappings, can be merged.', 'Refer to an anchor whose value is a mapping.');
    case 'depth':
      return problem('MANIFEST_INVALID', here, `Document ${here.document} is nested too deeply`, 'No Kubernetes kind has more than 200 levels.', 'Check for a runaway of brackets or dashes.');
    case 'separator':
      return problem('MANIFEST_NOT_YAML', here, 'An indented --- does not separate documents', 'YAML reads it as the end of the text on the line above, and so swallows the next document.', 'Move the --- to the start of its line.');
  }
}
