import type { KubeObject } from '@meshfleet/model';
import { parseApiVersion } from '@meshfleet/model';
import { trackUpdate, type FieldContext } from '../../apply/field-manager.ts';
import { FieldSet } from '../../apply/field-set.ts';
import { rootNode } from '../../apply/shape.ts';
import type { ResourceInfo, SchemaNode } from '../../seam.ts';
import { timestamp, type Engine, type WriteContext } from './engine.ts';
import { apiVersionOf } from './strategy.ts';

const NOTHING = new FieldSet();
const STATUS = FieldSet.of(['f:status']);
/** /status of built-ins leaves spec and labels alone. */
const BUILT_IN_ON_STATUS = FieldSet.of(['f:spec'], ['f:metadata', 'f:labels']);
/** /status of custom resources keeps their metadata too, and yet lets appliers own it. */
const CUSTOM_ON_STATUS = FieldSet.of(['f:spec']);

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
  };
}

/** The object with managedFields that tell of this create or update. */
export function owned(engine: Engine, info: ResourceInfo, live: KubeObject | undefined, next: KubeObject, context: WriteContext, subresource = ''): KubeObject {
  const fields = fieldContext(engine, info, context, subresource);
  return trackUpdate(live, next, fields, live === undefined ? emptyObject(info, fields.node) : undefined);
}

function resetFields(info: ResourceInfo, subresource: string): FieldSet {
  if (subresource === 'status') return info.custom ? CUSTOM_ON_STATUS : BUILT_IN_ON_STATUS;
  return subresource === '' && info.subresources.includes('status') ? STATUS : NOTHING;
}

function knows(engine: Engine, info: ResourceInfo, apiVersion: string): boolean {
  const { group, version } = parseApiVersion(apiVersion);
  // Scale is another group's view of the same object.
  return group !== info.group ? group === 'autoscaling' : engine.registry.find(group, version, info.plural) !== undefined;
}

const empties = new WeakMap<SchemaNode, unknown>();

/**
 * What a new object is compared with. Go structs held by value are there before anything is set, so nobody owns `spec` of a Deployment
 * itself; a custom resource starts with nothing.
 */
function emptyObject(info: ResourceInfo, node: SchemaNode): unknown {
  if (info.custom) return { metadata: {} };
  let empty = empties.get(node);
  if (empty === undefined) {
    empty = { ...zeroStruct(node, 0), metadata: {} };
    empties.set(node, empty);
  }
  return empty;
}

function zeroStruct(node: SchemaNode, depth: number): Record<string, unknown> {
  const out: Record<string, unknown> = {};
  if (depth > 12) return out;
  for (const [name, child] of Object.entries(node.properties ?? {})) {
    if (child.zeroStruct === true) out[name] = zeroStruct(child, depth + 1);
    // Lists and maps that Go always writes are null when they are empty.
    else if (node.required?.includes(name) === true && (child.type === 'array' || child.type === 'object')) out[name] = null;
  }
  return out;
}
