import { MeshfleetError, type ErrorEnvelope } from '@meshfleet/model';

interface Named {
  readonly id?: string | null | undefined;
  readonly name?: string | null | undefined;
}

/** What is wrong with a name for one thing that is given twice, or not at all. */
export function twoNames(what: 'cluster' | 'policy', { id, name }: Named): Pick<ErrorEnvelope, 'summary' | 'why' | 'fix'> {
  const why = id == null && name == null ? 'neither was given' : `both were given, and they may be of two ${what === 'policy' ? 'policies' : 'clusters'}`;
  return { summary: `Say which ${what}: either by id or by name`, why, fix: 'Give one of the two, and not both.' };
}

/** Why a query that names a thing by both of its arguments, or by neither, is refused. */
export function notOneName(what: 'cluster' | 'policy', given: Named): MeshfleetError {
  return new MeshfleetError({ code: 'INVALID_INPUT', ...twoNames(what, given), where: { field: ['id'] } });
}
