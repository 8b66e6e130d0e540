import type { KubeObject } from '@meshfleet/model';
import type { Admission, Registry, ResourceInfo } from '../seam.ts';
import { forbidden } from '../server/status-error.ts';
import { prepareBuiltin } from './prepare-builtin.ts';
import { withGoMetadata } from './custom-meta.ts';
import { defaultCustom, prepareCustom, unknownCustomFields } from './prepare-custom.ts';
import { decodeBuiltin } from './decode-builtin.ts';
import { judgeUnknownFields } from './unknown-fields.ts';
import { rulesOf } from './rules-of-kinds.ts';

/** Namespaces that a kube-apiserver never lets go (the NamespaceLifecycle plugin). */
const UNDELETABLE = new Set(['default', 'kube-system', 'kube-public']);

/** Defaults, prunes and validates objects before they are written, as kube-apiserver does for the kind. */
export function createAdmission(registry: Registry): Admission {
  return {
    prepare: (info, object, old, operation, admission) =>
      info.custom ? prepareCustom(info, object, old, admission) : prepareBuiltin(object, old, { registry, admission, info, operation, warnings: [] }),
    defaults: (info, object, keepNulls) => (info.custom ? defaultCustom(info, object, keepNulls) : defaultBuiltin(registry, info, object)),
    decode(info, object, admission) {
      const unknown = info.custom ? unknownCustomFields(info, withGoMetadata(info, object)) : decodeBuiltin(info, registry.schemaFor(info).node, object).unknown;
      return judgeUnknownFields(info, unknown, admission);
    },
    checkDelete(info, object) {
      if (info.group === '' && info.plural === 'namespaces' && UNDELETABLE.has(object.metadata.name ?? ''))
        throw forbidden({ group: '', plural: 'namespaces' }, object.metadata.name ?? '', 'this namespace may not be deleted');
    },
  };
}

/** Static defaults alone, as decoding sets them. Field managers own what is there by then, and not what admission adds. */
function defaultBuiltin(registry: Registry, info: ResourceInfo, object: KubeObject): KubeObject {
  const fresh = decodeBuiltin(info, registry.schemaFor(info).node, object, true).object;
  rulesOf(info)?.defaults?.(fresh);
  return fresh;
}
