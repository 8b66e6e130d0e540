import type { Resource } from '@meshfleet/kube';
import { fieldPaths, isNotFound, RESOURCES } from '@meshfleet/kube';
import type { KubeObject } from '@meshfleet/model';
import { isMetadataKind, parseObjectKey } from '@meshfleet/model';
import type { InspectRequest, InspectResult } from '@meshfleet/protocol';
import type { ApplyContext } from '../apply/apply-entry.ts';
import { explainFailure } from '../apply/explain-failure.ts';
import { isManagedKind } from '../observe/watched-kinds.ts';
import { createBodyBudget, shownObject } from './shown-object.ts';
import { judgeHealth } from '../health/judge-health.ts';
import { statusConditions } from '../health/status-conditions.ts';

const EVENTS = 20;
const FIELDS = 200;
const MANAGERS = 50;

const nothing = (refused?: InspectResult['refused']): InspectResult => ({ found: false, managers: [], conditions: [], ...(refused === undefined ? {} : { refused }) });

/** Looks at one object as it is now: who holds which of its fields, what controllers say of it, what happened to it. */
export async function inspect(context: ApplyContext, request: InspectRequest): Promise<InspectResult> {
  const key = parseObjectKey(request.key);
  if (key === undefined) return nothing({ reason: 'KeyInvalid', message: 'This is not the key of an object.' });
  // The agent may read its own secrets: what it does not manage is not looked at.
  if (!isManagedKind(key.group, key.kind)) return nothing({ reason: 'KindNotManaged', message: `Meshfleet does not manage ${key.kind}.` });
  const resource = context.discovery.preferred(key.group, key.kind);
  if (resource === undefined) return nothing({ reason: 'KindNotServed', message: `The cluster does not serve ${key.kind}.` });
  try {
    const live = await context.client.get(resource, key.namespace, key.name);
    const object = createBodyBudget().fit(shownObject(live));
    const events = await eventsOf(context, resource, live);
    return {
      found: true,
      ...(object === undefined ? { truncated: true } : { object }),
      managers: managersOf(live),
      conditions: statusConditions(live),
      // How a labelled object fares is its owner's affair.
      ...(isMetadataKind(key.group, key.kind) ? {} : { health: healthOf(live) }),
      ...(events === undefined ? {} : { events }),
    };
  } catch (error) {
    if (isNotFound(error)) return nothing();
    const { reason, message } = explainFailure(error);
    return nothing({ reason, message: message.slice(0, 1_024) });
  }
}

function healthOf(live: KubeObject): InspectResult['health'] {
  const verdict = judgeHealth(live);
  return verdict.state === 'HEALTHY' ? { ...verdict, reason: '', message: '' } : { ...verdict, message: verdict.message.slice(0, 1_024) };
}

function managersOf(live: KubeObject): InspectResult['managers'] {
  return (live.metadata.managedFields ?? []).slice(0, MANAGERS).map(({ manager, operation, subresource, time, fieldsV1 }) => ({
    manager: (manager ?? 'unknown').slice(0, 256),
    operation: operation ?? 'Update',
    ...(subresource === undefined || subresource === '' ? {} : { subresource }),
    ...(time === undefined ? {} : { time }),
    fields: fieldPaths(fieldsV1, FIELDS).map((field) => field.slice(0, 512)),
  }));
}

interface CoreEvent {
  readonly type?: string;
  readonly reason?: string;
  readonly message?: string;
  readonly count?: number;
  readonly lastTimestamp?: string | null;
  readonly eventTime?: string | null;
  readonly metadata: { readonly creationTimestamp?: string };
  readonly source?: { readonly component?: string };
  readonly reportingComponent?: string;
}

/** Undefined when they may not be read: whoever installs the agent may leave that permission out. */
async function eventsOf({ client }: ApplyContext, resource: Resource, live: KubeObject): Promise<InspectResult['events']> {
  const namespace = live.metadata.namespace ?? (resource.kind === 'Namespace' ? live.metadata.name : 'default');
  const page = await client.list(RESOURCES.events, { namespace, fieldSelector: `involvedObject.uid=${live.metadata.uid ?? ''}`, limit: 500 }).catch(() => undefined);
  return page?.items
    .map((item) => item as unknown as CoreEvent) // a v1 Event
    .map((event) => ({
      type: (event.type ?? 'Normal').slice(0, 64),
      reason: (event.reason ?? '').slice(0, 256),
      message: (event.message ?? '').slice(0, 1_024),
      count: event.count ?? 1,
      lastSeen: event.lastTimestamp ?? event.eventTime ?? event.metadata.creationTimestamp ?? '',
      source: (event.source?.component ?? event.reportingComponent ?? '').slice(0, 256),
    }))
    .sort((a, b) => (a.lastSeen < b.lastSeen ? 1 : -1))
    .slice(0, EVENTS);
}
