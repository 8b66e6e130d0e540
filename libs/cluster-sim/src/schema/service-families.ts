import { mapAt, textAt, textsAt } from '../kinds/field.ts';
import { invalid } from '../server/status-error.ts';
import { FieldErrors } from './field-errors.ts';
import type { RuleContext } from './kind-rules.ts';
import type { Mutable } from './mutable.ts';
import { setDefault } from './mutable.ts';

/** The one family that this cluster gives addresses of. */
const SERVED = 'IPv4';

/** Headless and without a selector: whoever writes its endpoints may write both families. */
function takesAnyFamily(spec: Mutable): boolean {
  return spec['clusterIP'] === 'None' && Object.keys(mapAt(spec, 'selector')).length === 0;
}

/** `spec.ipFamilyPolicy` and `spec.ipFamilies` where the writer left them out. In place. */
export function setFamilies(spec: Mutable): void {
  const any = takesAnyFamily(spec);
  setDefault(spec, 'ipFamilyPolicy', any ? 'RequireDualStack' : 'SingleStack');
  // Families that were left out are judged by the policy alone, and given when that holds.
  if (textsAt(spec, 'ipFamilies').length === 0) spec['ipFamilies'] = any && spec['ipFamilyPolicy'] !== 'SingleStack' ? [SERVED, 'IPv6'] : [SERVED];
}

/** Families that the cluster has no addresses of. kube-apiserver looks for them as it gives addresses, which is before anything else is validated: no other fault is told with them. */
export function refuseFamilies(object: Mutable, { info }: RuleContext): void {
  const spec = mapAt(object, 'spec');
  if (takesAnyFamily(spec)) return;
  const errors = new FieldErrors();
  if (textAt(spec, 'ipFamilyPolicy') === 'RequireDualStack') errors.invalid('spec.ipFamilyPolicy', 'RequireDualStack', 'this cluster is not configured for dual-stack services');
  textsAt(spec, 'ipFamilies').forEach((family, index) => {
    if (family !== SERVED) errors.invalid(`spec.ipFamilies[${index}]`, family, 'not configured on this cluster');
  });
  if (errors.causes.length > 0) throw invalid({ group: info.group, kind: info.kind }, textAt(object, 'metadata', 'name') ?? '', errors.causes);
}
