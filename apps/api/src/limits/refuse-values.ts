import { MeshfleetError } from '@meshfleet/model';
import { Kind, visit, type DocumentNode } from 'graphql';

/** Manifests are read by a parser of their own, which says document and line. */
const READ_APART = 'manifests';

/**
 * Refuses texts that no store can hold, U+0000 and halves of surrogate pairs, wherever they stand in variables or in
 * the query itself: Postgres would fail on them, and that would look like a fault of ours.
 */
export function refuseValues(document: DocumentNode, variables: unknown): void {
  refuseIn(variables, []);
  // GraphQL's lexer takes such characters only as escapes.
  if (document.loc?.source.body.includes('\\u') !== true) return;
  visit(document, {
    [Kind.STRING]: ({ value }) => {
      refuseIn(value, []);
    },
  });
}

function refuseIn(value: unknown, path: readonly string[]): void {
  if (typeof value === 'string') {
    if (!value.isWellFormed() || value.includes('\0')) throw unstorable(path);
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, member] of Object.entries(value)) if (key !== READ_APART) refuseIn(member, [...path, key]);
  }
}

function unstorable(field: readonly string[]): MeshfleetError {
  return new MeshfleetError({
    code: 'INVALID_INPUT',
    summary: `${field.length === 0 ? 'A text of the query' : field.join('.')} holds a character that cannot be stored`,
    why: 'it is U+0000, or half of a character beyond U+FFFF',
    fix: 'Remove it.',
    ...(field.length === 0 ? {} : { where: { field } }),
  });
}
