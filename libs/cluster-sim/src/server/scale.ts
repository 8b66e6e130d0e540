import type { KubeObject } from '@meshfleet/model';
import { isRecord } from '../apply/json-equal.ts';
import type { ResourceInfo } from '../seam.ts';
import { readPath, writePath } from './json-path.ts';
import type { Engine, WriteContext } from './objects/engine.ts';
import { mustRead } from './objects/engine.ts';
import { owned } from './objects/field-ownership.ts';
import { checkResourceVersion, replace } from './objects/update-object.ts';
import { badRequest, invalid } from './status-error.ts';

const BUILT_IN_PATHS = { specReplicasPath: '.spec.replicas', statusReplicasPath: '.status.replicas', labelSelectorPath: undefined };

/** autoscaling/v1 Scale: the replicas of anything that has some, as one kind. */
export function toScale(info: ResourceInfo, object: KubeObject): KubeObject {
  const paths = info.scale ?? BUILT_IN_PATHS;
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata;
  const selector = info.custom ? readPath(object, paths.labelSelectorPath ?? '.nothing') : selectorText(readPath(object, '.spec.selector'));
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: {
      ...(name === undefined ? {} : { name }),
      ...(namespace === undefined ? {} : { namespace }),
      ...(uid === undefined ? {} : { uid }),
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
      ...(creationTimestamp === undefined ? {} : { creationTimestamp }),
    },
    spec: { replicas: readPath(object, paths.specReplicasPath) ?? 0 },
    status: { replicas: readPath(object, paths.statusReplicasPath) ?? 0, ...(typeof selector === 'string' && selector !== '' ? { selector } : {}) },
  };
}

/** PUT or PATCH on /scale: the replicas alone go back into the object. */
export function writeScale(engine: Engine, info: ResourceInfo, namespace: string | undefined, name: string, next: unknown, context: WriteContext): KubeObject {
  const live = mustRead(engine, info, namespace, name);
  if (!isRecord(next) || !isRecord(next['metadata'] ?? {})) throw badRequest('the body is not a Scale');
  const replicas = (next['spec'] as { replicas?: unknown } | undefined)?.replicas ?? 0;
  if (typeof replicas !== 'number' || !Number.isInteger(replicas) || replicas < 0) {
    throw invalid({ group: 'autoscaling', kind: 'Scale' }, name, [
      { reason: 'FieldValueInvalid', message: `Invalid value: ${JSON.stringify(replicas)}: must be greater than or equal to 0`, field: 'spec.replicas' },
    ]);
  }
  // Its shape is checked above.
  checkResourceVersion(info, live, { ...live, metadata: (next['metadata'] ?? {}) as KubeObject['metadata'] }, false);
  const path = (info.scale ?? BUILT_IN_PATHS).specReplicasPath;
  const object = writePath(live, path, replicas) as KubeObject;
  const written = replace(engine, info, live, object, context, '', (value) => owned(engine, info, live, value, context, 'scale'));
  return toScale(info, written.object);
}

/** matchLabels and matchExpressions in the one-line form; a ReplicationController's plain map too. */
function selectorText(selector: unknown): string {
  if (!isRecord(selector)) return '';
  const labels = isRecord(selector['matchLabels']) ? selector['matchLabels'] : selector['matchExpressions'] === undefined ? selector : {};
  const equal = Object.entries(labels).map(([key, value]) => `${key}=${String(value)}`);
  const expressions = Array.isArray(selector['matchExpressions']) ? selector['matchExpressions'] : [];
  return [...equal, ...expressions.map(expressionText)].sort().join(',');
}

function expressionText(expression: unknown): string {
  const { key = '', operator, values = [] } = expression as { key?: string; operator?: string; values?: string[] };
  switch (operator) {
    case 'In':
      return `${key} in (${values.join(',')})`;
    case 'NotIn':
      return `${key} notin (${values.join(',')})`;
    case 'DoesNotExist':
      return `!${key}`;
    default:
      return key;
  }
}
