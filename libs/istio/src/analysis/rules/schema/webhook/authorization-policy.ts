import type { Problem } from '../../../engine/rule.ts';
import type { Resource } from '../../../input/resource.ts';
import { at, list, record, text, texts } from '../../../read-value.ts';
import { authorizationPolicyOf } from '../../../views/authorization-policy.ts';
import { isAddress, isPort } from './names.ts';

const PLAIN_KEYS = new Set([
  'source.ip', 'remote.ip', 'source.namespace', 'source.principal', 'source.serviceAccount', 'request.auth.principal', 'request.auth.audiences', 'request.auth.presenter', 'destination.ip', 'destination.port', 'connection.sni',
]);
/** Keys that name a part: `request.headers[x-cohort]`. */
const KEYS_WITH_NAME = /^(request\.headers|request\.auth\.claims|experimental\.envoy\.filters\.[a-z0-9._-]+)(\[[^\]]+\])+$/;
const ADDRESS_FIELDS = ['ipBlocks', 'notIpBlocks', 'remoteIpBlocks', 'notRemoteIpBlocks'];

export function* authorizationPolicyProblems(subject: Resource): Generator<Problem> {
  const { action, rules } = authorizationPolicyOf(subject);
  const provider = text(at(subject.spec, 'provider', 'name')) ?? '';
  if (action === 'DENY' && rules.length === 0) yield { path: 'spec.rules', message: 'A DENY without rules denies nothing', fix: 'Add rules: [{}] to deny everything.' };
  if (action === 'CUSTOM' && provider === '') yield { path: 'spec.provider.name', message: 'CUSTOM needs the provider that decides', fix: 'Name one of extensionProviders in the mesh configuration.' };
  if (action !== 'CUSTOM' && at(subject.spec, 'provider') !== undefined) yield { path: 'spec.provider', message: `${action} is decided by the proxy, and takes no provider`, fix: 'Remove it, or choose CUSTOM.' };
  for (const [i, rule] of rules.entries()) {
    for (const [k, from] of list(at(rule, 'from')).entries()) yield* fields(`spec.rules[${i}].from[${k}].source`, at(from, 'source'));
    for (const [k, to] of list(at(rule, 'to')).entries()) yield* fields(`spec.rules[${i}].to[${k}].operation`, at(to, 'operation'));
    for (const [k, condition] of list(at(rule, 'when')).entries()) yield* when(`spec.rules[${i}].when[${k}]`, condition);
  }
}

/** A source or an operation: lists of texts, of which one at least says something. */
function* fields(path: string, value: unknown): Generator<Problem> {
  const body = record(value) ?? {};
  if (Object.values(body).every((one) => list(one).length === 0)) yield { path, message: 'It names nothing', fix: 'Name something, or remove it.' };
  for (const [field, one] of Object.entries(body)) {
    for (const [i, item] of texts(one).entries()) {
      const where = `${path}.${field}[${i}]`;
      if (item === '') yield { path: where, message: `An empty text stands in ${field}` };
      else if (ADDRESS_FIELDS.includes(field) && !isAddress(item)) yield { path: where, message: `"${item}" is no address` };
      else if ((field === 'ports' || field === 'notPorts') && !isPort(Number(item))) yield { path: where, message: `There is no port ${item}` };
    }
  }
}

function* when(path: string, condition: unknown): Generator<Problem> {
  const key = text(at(condition, 'key')) ?? '';
  const values = [...texts(at(condition, 'values')), ...texts(at(condition, 'notValues'))];
  if (!PLAIN_KEYS.has(key) && !KEYS_WITH_NAME.test(key)) yield { path: `${path}.key`, message: `There is no attribute ${key}`, fix: 'Headers and claims are written request.headers[name] and request.auth.claims[name].' };
  if (values.length === 0) yield { path, message: `The condition on ${key} has no values`, fix: 'Set values or notValues.' };
  if (/^(source|remote|destination)\.ip$/.test(key)) for (const value of values) if (!isAddress(value)) yield { path, message: `"${value}" is no address` };
}
