import type { KubeObject } from '@meshfleet/model';
import { parseApiVersion } from '@meshfleet/model';
import { trackUpdate, type FieldContext } from '../../apply/field-manager.ts';
import { FieldSet } from '../../apply/field-set.ts';
import { rootNode } from '../../apply/shape.ts';
import { typeNameOf } from '../../kinds/builtin-schema.ts';
import { emptyStructOf } from '../../schema/go-struct.ts';
import type { ResourceInfo, SchemaNode } from '../../seam.ts';
import { timestamp, type Engine, type WriteContext } from './engine.ts';
import { apiVersionOf, resourceId } from './strategy.ts';

const NOTHING = new FieldSet();
const STATUS = FieldSet.of(['f:status']);
const SPEC = FieldSet.of(['f:spec']);
const SPEC_AND_LABELS = FieldSet.of(['f:spec'], ['f:metadata', 'f:labels']);

/** How this type and endpoint own fields. */
export function fieldContext(engine: Engine, info: ResourceInfo, context: WriteContext, subresource = ''): FieldContext {
  return {
    manager: context.manager,
    apiVersion: apiVersionOf(info),
    subresource,
    node: rootNode(engine.registry.schemaFor(info).node),
    resetFields: resetFields(info, subresource),
    knowsVersion: (apiVersion) => knows(engine, info, apiVersion),
    now: timestamp(engine.now()),
    empty: emptyObject(info, engine.registry.schemaFor(info).node),
  };
}

/** The object with managedFields that tell of this create or update. */
export function owned(engine: Engine, info: ResourceInfo, live: KubeObject | undefined, next: KubeObject, context: WriteContext, subresource = ''): KubeObject {
  const fields = fieldContext(engine, info, context, subresource);
  return trackUpdate(live, next, fields, live === undefined ? fields.empty : undefined);
}

function resetFields(info: ResourceInfo, subresource: string): FieldSet {
  if (subresource === 'status') return resourceId(info) === 'deployments.apps' ? SPEC_AND_LABELS : SPEC;
  return subresource === '' && info.subresources.includes('status') ? STATUS : NOTHING;
}

function knows(engine: Engine, info: ResourceInfo, apiVersion: string): boolean {
  const { group, version } = parseApiVersion(apiVersion);
  // Scale is another group's view of the same object.
  return group !== info.group ? group === 'autoscaling' : engine.registry.find(group, version, info.plural) !== undefined;
}

/**
 * What a new object is compared with. Go structs held by value are there before anything is set, so nobody owns `spec` of a Deployment
 * itself; a custom resource starts with nothing.
 */
function emptyObject(info: ResourceInfo, schema: SchemaNode): unknown {
  if (info.custom) return { metadata: {} };
  return { ...emptyStructOf(typeNameOf(schema) ?? ''), metadata: {} };
}
