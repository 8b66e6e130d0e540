import type { KubeObject } from '@meshfleet/model';
import type { ResourceInfo } from '../seam.ts';
import { badRequest } from './status-error.ts';
import { readPath } from './json-path.ts';

export type ObjectPredicate = (object: KubeObject) => boolean;

/** Fields that each built-in can be selected by beyond metadata.name and metadata.namespace. */
const SELECTABLE: { readonly [resource: string]: readonly string[] } = {
  pods: ['spec.nodeName', 'spec.restartPolicy', 'spec.schedulerName', 'spec.serviceAccountName', 'spec.hostNetwork', 'status.phase', 'status.podIP', 'status.nominatedNodeName'],
  nodes: ['spec.unschedulable'],
  namespaces: ['status.phase'],
  secrets: ['type'],
  services: ['spec.clusterIP', 'spec.type'],
  replicationcontrollers: ['status.replicas'],
  'replicasets.apps': ['status.replicas'],
  'jobs.batch': ['status.successful'],
  'certificatesigningrequests.certificates.k8s.io': ['spec.signerName'],
  events: eventFields(),
  'events.events.k8s.io': eventFields(),
};

function eventFields(): readonly string[] {
  const involved = ['kind', 'namespace', 'name', 'uid', 'apiVersion', 'resourceVersion', 'fieldPath'].flatMap((field) => [`involvedObject.${field}`, `regarding.${field}`]);
  return [...involved, 'reason', 'reportingComponent', 'source', 'type'];
}

/** Field selectors: `metadata.name=web,status.phase!=Running`. 400 for fields that the resource cannot be selected by. */
export function parseFieldSelector(text: string | undefined, info: ResourceInfo): ObjectPredicate | undefined {
  if (text === undefined || text.trim() === '') return undefined;
  const terms = text.split(/(?<!\\),/).filter((term) => term !== '').map((term) => parseTerm(term, info));
  return terms.length === 0 ? undefined : (object) => terms.every((term) => term(object));
}

/** `metadata.name=x` alone reads one object: the request is then authorised for that name. */
export function selectedName(text: string | undefined): string | undefined {
  const match = /^metadata\.name==?([^,!=]+)$/.exec(text ?? '');
  return match?.[1];
}

function parseTerm(term: string, info: ResourceInfo): ObjectPredicate {
  const match = /^(.*?)(==|!=|=)(.*)$/s.exec(term);
  if (match === null) throw badRequest(`invalid selector: '${term}'; can't understand '${term}'`);
  const [, field = '', operator, escaped = ''] = match;
  const wanted = escaped.replace(/\\([\\,=])/g, '$1');
  const read = reader(field, info);
  return operator === '!=' ? (object) => read(object) !== wanted : (object) => read(object) === wanted;
}

function reader(field: string, info: ResourceInfo): (object: KubeObject) => string {
  if (field === 'metadata.name') return (object) => object.metadata.name ?? '';
  if (field === 'metadata.namespace' && info.namespaced) return (object) => object.metadata.namespace ?? '';
  const resource = info.group === '' ? info.plural : `${info.plural}.${info.group}`;
  const custom = info.selectableFields?.find((path) => path.replace(/^\./, '') === field);
  if (custom === undefined && SELECTABLE[resource]?.includes(field) !== true) {
    throw badRequest(`field label not supported: ${field}`);
  }
  return (object) => {
    const value = readPath(object, `.${field}`);
    if (value === undefined || value === null) return fallback(field);
    return String(value);
  };
}

function fallback(field: string): string {
  if (field === 'spec.unschedulable' || field === 'spec.hostNetwork') return 'false';
  return field === 'status.replicas' || field === 'status.successful' ? '0' : '';
}
