import type { JsonObject } from '@meshfleet/model';
import type { Problem } from '../../../engine/rule.ts';
import type { Resource } from '../../../input/resource.ts';
import { at, list, number, record, text } from '../../../read-value.ts';
import { destinationRuleOf } from '../../../views/destination-rule.ts';
import { domainProblem, exportToProblems, isLabel } from './names.ts';

export function* destinationRuleProblems(subject: Resource): Generator<Problem> {
  const { host, subsets, policies } = destinationRuleOf(subject);
  const wrong = domainProblem(host);
  if (wrong !== undefined) yield { path: 'spec.host', message: wrong };
  yield* exportToProblems(subject.spec, subject.namespace);
  for (const [i, { path, name, labels }] of subsets.entries()) {
    if (subsets.findIndex((one) => one.name === name) < i) yield { path: `${path}.name`, message: `There are two subsets ${name}` };
    if (name !== '' && !isLabel(name)) yield { path: `${path}.name`, message: `"${name}" cannot be the name of a subset` };
    for (const label of Object.keys(labels)) if (!/^[a-z0-9]([-a-z0-9_./]*[a-z0-9])?$/i.test(label)) yield { path: `${path}.labels`, message: `"${label}" cannot be a label` };
  }
  for (const { path, level, port, body } of policies) {
    if (level === 'port' && port === undefined) yield { path: `${path}.port`, message: 'Settings of a port must name it', fix: 'Set port.number.' };
    const settings = Object.keys(body).filter((field) => field !== 'port');
    if (settings.length === 0) yield { path, message: 'The traffic policy is empty', fix: 'Set something, or remove it.' };
    yield* localities(`${path}.loadBalancer.localityLbSetting`, record(at(body, 'loadBalancer', 'localityLbSetting')) ?? {});
    yield* tls(`${path}.tls`, record(body['tls']) ?? {});
    yield* limits(path, body);
  }
}

function* localities(path: string, setting: JsonObject): Generator<Problem> {
  if (list(setting['distribute']).length > 0 && list(setting['failover']).length > 0) yield { path, message: 'distribute and failover cannot be set together', fix: 'Keep one of them: distribute splits traffic by weights, failover moves it when endpoints fail.' };
  for (const [i, one] of list(setting['distribute']).entries()) {
    const sum = Object.values(record(at(one, 'to')) ?? {}).reduce<number>((total, weight) => total + (number(weight) ?? 0), 0);
    if (sum !== 100) yield { path: `${path}.distribute[${i}].to`, message: `The weights of localities add up to ${sum}, not 100` };
  }
  for (const [i, one] of list(setting['failover']).entries()) {
    const [from = '', to = ''] = [text(at(one, 'from')), text(at(one, 'to'))];
    if (from === to) yield { path: `${path}.failover[${i}]`, message: `${from} cannot fail over to itself` };
    else if (`${from}${to}`.includes('/')) yield { path: `${path}.failover[${i}]`, message: 'Failover is between regions: zones cannot be named', fix: 'Write the region alone.' };
  }
}

function* tls(path: string, body: JsonObject): Generator<Problem> {
  const isSet = (field: string): boolean => (text(body[field]) ?? '') !== '';
  const files = ['clientCertificate', 'privateKey', 'caCertificates'].filter(isSet);
  if (body['mode'] === 'MUTUAL' && !isSet('credentialName')) {
    for (const field of ['clientCertificate', 'privateKey']) if (!isSet(field)) yield { path: `${path}.${field}`, message: `MUTUAL needs ${field}`, fix: 'Name the file, or set credentialName.' };
  }
  if (isSet('credentialName') && files.length > 0) yield { path, message: `credentialName and ${files.join(', ')} cannot be set together`, fix: 'Keep one of the two.' };
  if (body['insecureSkipVerify'] === true && ['caCertificates', 'credentialName'].some(isSet)) yield { path: `${path}.insecureSkipVerify`, message: 'The server is not verified, and something says by what to verify it', fix: 'Remove insecureSkipVerify.' };
}

function* limits(path: string, body: JsonObject): Generator<Problem> {
  const ejected = number(at(body, 'outlierDetection', 'maxEjectionPercent'));
  if (ejected !== undefined && (ejected < 0 || ejected > 100)) yield { path: `${path}.outlierDetection.maxEjectionPercent`, message: `${ejected} is no percentage` };
  const pool = record(body['connectionPool']);
  if (pool !== undefined && pool['tcp'] === undefined && pool['http'] === undefined) yield { path: `${path}.connectionPool`, message: 'The connection pool is empty', fix: 'Set tcp or http, or remove it.' };
  for (const [protocol, fields] of LIMITS) {
    for (const field of fields) if ((number(at(pool, protocol, field)) ?? 0) < 0) yield { path: `${path}.connectionPool.${protocol}.${field}`, message: `${field} cannot be negative` };
  }
  if (at(pool, 'http', 'useClientProtocol') === true && at(pool, 'http', 'h2UpgradePolicy') === 'UPGRADE') yield { path: `${path}.connectionPool.http`, message: 'useClientProtocol keeps what h2UpgradePolicy: UPGRADE changes', fix: 'Keep one of the two.' };
  if (body['tunnel'] !== undefined && body['proxyProtocol'] !== undefined) yield { path, message: 'tunnel and proxyProtocol cannot be set together', fix: 'Keep one of the two.' };
}

const LIMITS = [
  ['tcp', ['maxConnections']],
  ['http', ['http1MaxPendingRequests', 'http2MaxRequests', 'maxRequestsPerConnection', 'maxRetries']],
] as const;

