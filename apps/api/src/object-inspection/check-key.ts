import { closestWord } from '@meshfleet/manifest';
import { formatObjectKey, MeshfleetError, parseObjectKey, type ObjectKey } from '@meshfleet/model';
import { knownKinds } from '../policy/known-kinds.ts';

const EXAMPLE = 'VirtualService.networking.istio.io/shop/reviews';

/**
 * Whether a text can be the key of an object. Of one that cannot, "no policy names it" would be true and misleading.
 * @throws MeshfleetError INVALID_INPUT, with what was probably meant
 */
export function checkKey(text: string): void {
  const key = parseObjectKey(text);
  if (key === undefined) throw strange(text, 'it is not of the form Kind.group/namespace/name, or Kind/name where there is no group or namespace', `Write it as in ${EXAMPLE} or Namespace/shop.`);
  const known = knownKinds();
  const facts = known.find(key.group, key.kind);
  if (facts === undefined) {
    const meant = meantBy(key, key.group === '' ? known.kinds : known.kinds.filter(({ group }) => group === key.group));
    if (meant !== undefined) throw strange(text, `there is no kind ${key.kind} in ${key.group === '' ? 'the core group' : key.group}`, `Did you mean ${formatObjectKey({ ...key, ...meant })}?`);
  } else if (facts.scope === 'Namespaced' && key.namespace === '') {
    throw strange(text, `a ${key.kind} is in a namespace, and the key names none`, `Write ${formatObjectKey({ ...key, namespace: 'NAMESPACE' })}.`);
  } else if (facts.scope === 'Cluster' && key.namespace !== '') {
    throw strange(text, `a ${key.kind} is in no namespace, and the key names one`, `Write ${formatObjectKey({ ...key, namespace: '' })}.`);
  }
}

/** The kind that a name like `virtualservice` most likely means. */
function meantBy({ kind }: ObjectKey, kinds: readonly { readonly group: string; readonly kind: string }[]): { readonly group: string; readonly kind: string } | undefined {
  const near = closestWord(kind, kinds.map((one) => one.kind));
  const found = kinds.find((one) => one.kind === near);
  return found === undefined ? undefined : { group: found.group, kind: found.kind };
}

function strange(text: string, why: string, fix: string): MeshfleetError {
  return new MeshfleetError({ code: 'INVALID_INPUT', summary: `"${text.slice(0, 200)}" is not the key of an object`, why, fix, where: { field: ['key'] } });
}
