import { MeshfleetError } from '@meshfleet/model';
import type { Page, Position, Slice } from '@meshfleet/store';

export interface ConnectionArgs {
  readonly first?: number | null;
  readonly after?: string | null;
  readonly last?: number | null;
  readonly before?: string | null;
}

/** A page of a list as Relay shows it. */
export interface Connection<N> {
  readonly edges: readonly { readonly cursor: string; readonly node: N }[];
  readonly nodes: readonly N[];
  readonly pageInfo: {
    readonly hasNextPage: boolean;
    readonly hasPreviousPage: boolean;
    readonly startCursor: string | null;
    readonly endCursor: string | null;
  };
  /** Counted only when somebody asks. */
  readonly count?: () => Promise<number>;
}

const MOST = 100;

/** What a position in a list is made of; a cursor of one list is refused by another. */
export type CursorShape = readonly ('string' | 'number' | 'uuid')[];

/** @throws MeshfleetError LIMIT_EXCEEDED or INVALID_INPUT naming the argument */
export function pageOf(args: ConnectionArgs, shape: CursorShape): Page {
  const { first, last } = args;
  const hasFirst = typeof first === 'number';
  if (hasFirst === (typeof last === 'number')) {
    throw new MeshfleetError({
      code: 'INVALID_INPUT',
      summary: hasFirst ? '"first" and "last" exclude each other' : '"first" or "last" is required',
      why: 'a list is only read page by page',
      fix: `Say how many you want, at most ${MOST}: first: 20`,
      where: { field: [hasFirst ? 'last' : 'first'] },
    });
  }
  const limit = hasFirst ? first : (last ?? 0);
  const argument = hasFirst ? 'first' : 'last';
  if (limit < 0 || limit > MOST) {
    throw new MeshfleetError({
      code: 'LIMIT_EXCEEDED',
      summary: `"${argument}" must be from 0 to ${MOST}`,
      why: `it is ${limit}`,
      fix: 'Ask for a smaller page, and for the next one by its cursor.',
      where: { field: [argument] },
    });
  }
  return {
    limit,
    backwards: !hasFirst,
    ...(typeof args.after === 'string' ? { after: parseCursor(args.after, shape, 'after') } : {}),
    ...(typeof args.before === 'string' ? { before: parseCursor(args.before, shape, 'before') } : {}),
  };
}

export function connectionOf<R, N>(slice: Slice<R>, position: (row: R) => Position, node: (row: R) => N, count?: () => Promise<number>): Connection<N> {
  const edges = slice.rows.map((row) => ({ cursor: formatCursor(position(row)), node: node(row) }));
  return {
    edges,
    nodes: edges.map((edge) => edge.node),
    pageInfo: {
      hasNextPage: slice.hasNext,
      hasPreviousPage: slice.hasPrevious,
      startCursor: edges[0]?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
    },
    ...(count === undefined ? {} : { count }),
  };
}

export function formatCursor(position: Position): string {
  return Buffer.from(JSON.stringify(position)).toString('base64url');
}

export function parseCursor(text: string, shape: CursorShape, argument: string): Position {
  const position = readJson(text);
  if (Array.isArray(position) && position.length === shape.length && shape.every((kind, index) => fits(position[index], kind))) {
    return position as Position; // every element was just checked
  }
  throw new MeshfleetError({
    code: 'INVALID_INPUT',
    summary: `"${argument}" is no cursor of this list`,
    why: 'it was made by another list, or is none of ours',
    fix: 'Take it from pageInfo or an edge of an earlier page of the same list.',
    where: { field: [argument] },
  });
}

function fits(value: unknown, kind: CursorShape[number]): boolean {
  if (kind === 'number') return Number.isSafeInteger(value);
  if (typeof value !== 'string' || value.includes('\0')) return false;
  return kind === 'string' || /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(value);
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
  } catch {
    return undefined;
  }
}
