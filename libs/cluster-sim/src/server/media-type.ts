/** What the client wants to read, out of what can be written. */
export interface Wanted {
  readonly format: 'json' | 'yaml';
  /** The transformation: Table, PartialObjectMetadata, PartialObjectMetadataList, APIGroupDiscoveryList. */
  readonly as?: string;
  readonly group?: string;
  readonly version?: string;
}

const FORMATS: { readonly [type: string]: Wanted['format'] } = {
  'application/json': 'json',
  'application/yaml': 'yaml',
  '*/*': 'json',
  'application/*': 'json',
  'text/plain': 'json',
};

/** Reads an Accept header. The first clause that `supports` admits wins; undefined: 406. */
export function negotiate(accept: string | undefined, supports: (wanted: Wanted) => boolean): Wanted | undefined {
  if (accept === undefined || accept.trim() === '') return { format: 'json' };
  for (const clause of accept.split(',')) {
    const [type = '', ...parameters] = clause.split(';').map((part) => part.trim());
    const format = FORMATS[type.toLowerCase()];
    if (format === undefined) continue;
    const values = new Map(parameters.map((parameter) => parameter.split('=', 2) as [string, string]));
    const [as, group, version] = [values.get('as'), values.get('g'), values.get('v')];
    const wanted: Wanted = {
      format,
      ...(as === undefined ? {} : { as }),
      ...(group === undefined ? {} : { group }),
      ...(version === undefined ? {} : { version }),
    };
    if (supports(wanted)) return wanted;
  }
  return undefined;
}

/** Objects can be had as they are, as tables and as metadata alone. */
export function supportsObject(wanted: Wanted): boolean {
  if (wanted.as === undefined) return true;
  if (wanted.group !== 'meta.k8s.io' || (wanted.version !== 'v1' && wanted.version !== 'v1beta1')) return false;
  return wanted.as === 'Table' || wanted.as === 'PartialObjectMetadata' || wanted.as === 'PartialObjectMetadataList';
}
