import { MeshfleetError } from '@meshfleet/model';

/** Types with a global id. */
export type NodeType = 'Organization' | 'Cluster' | 'Policy' | 'DesiredState' | 'JoinToken' | 'ApiToken' | 'Rollout' | 'Freeze';

export interface GlobalId {
  readonly type: NodeType;
  /** UUID of the row; for a desired state that of its cluster. */
  readonly id: string;
  /** Of a desired state. */
  readonly revision?: number;
}

const LETTERS: Readonly<Record<NodeType, string>> = { Organization: 'O', Cluster: 'C', Policy: 'P', DesiredState: 'D', JoinToken: 'J', ApiToken: 'A', Rollout: 'R', Freeze: 'F' };
const SHAPE = /^([OCPDJARF]):([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})(?::([1-9]\d{0,14}))?$/;

export function formatGlobalId({ type, id, revision }: GlobalId): string {
  return Buffer.from(`${LETTERS[type]}:${id}${revision === undefined ? '' : `:${revision}`}`).toString('base64url');
}

/** Undefined for a text that is no global id. */
export function parseGlobalId(text: string): GlobalId | undefined {
  if (text.length > 100) return undefined;
  const [, letter, id, revision] = SHAPE.exec(Buffer.from(text, 'base64url').toString('latin1')) ?? [];
  const type = (Object.keys(LETTERS) as NodeType[]).find((candidate) => LETTERS[candidate] === letter);
  if (type === undefined || id === undefined || (type === 'DesiredState') !== (revision !== undefined)) return undefined;
  const parsed = { type, id, ...(revision === undefined ? {} : { revision: Number(revision) }) };
  return formatGlobalId(parsed) === text ? parsed : undefined;
}

/** The row's id of a global id of one type. @throws MeshfleetError NOT_FOUND for every other text, as for a row that is not there */
export function rowId(type: NodeType, text: string, field: readonly string[] = ['input', 'id']): string {
  const parsed = parseGlobalId(text);
  if (parsed?.type === type) return parsed.id;
  throw notFound(type, field);
}

export function notFound(type: NodeType, field: readonly string[] = ['input', 'id']): MeshfleetError {
  return new MeshfleetError({
    code: 'NOT_FOUND',
    summary: `There is no ${NAMES[type]} with this id`,
    why: 'it does not exist, or belongs to another organization',
    fix: 'Take the id from an answer of this API, in the same organization.',
    where: { field },
  });
}

const NAMES: Readonly<Record<NodeType, string>> = {
  Organization: 'organization',
  Cluster: 'cluster',
  Policy: 'policy',
  DesiredState: 'desired state',
  JoinToken: 'join token',
  ApiToken: 'API token',
  Rollout: 'rollout',
  Freeze: 'freeze',
};
