import type { Problem } from '../../../engine/rule.ts';
import { at, texts } from '../../../read-value.ts';

const LABEL = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/i;
const IPV4 = /^(25[0-5]|2[0-4]\d|1?\d?\d)(\.(25[0-5]|2[0-4]\d|1?\d?\d)){3}$/;

/** Why a text is no DNS name; undefined when it is one. A leading `*.`, or `*` alone, is a wildcard; a VirtualService may also write `*shop.com`. */
export function domainProblem(name: string, partialWildcard = false): string | undefined {
  if (name === '') return 'a host must not be empty';
  const rest = name === '*' ? '' : name.replace(partialWildcard ? /^\*\.?/ : /^\*\./, '');
  const wrong = rest === '' ? undefined : rest.replace(/\.$/, '').split('.').find((label) => !LABEL.test(label));
  return wrong === undefined ? undefined : `"${name}" is no DNS name: "${wrong}" may hold letters, digits and - alone`;
}

export const isLabel = (text: string): boolean => LABEL.test(text) && text.length <= 63;

/** An address, without or with the length of its network. IPv6 is told by its colons. */
export function isAddress(text: string): boolean {
  const [address = '', bits] = text.split('/');
  if (bits !== undefined && !/^\d{1,3}$/.test(bits)) return false;
  return IPV4.test(address) || (address.includes(':') && /^[0-9a-f:.]+$/i.test(address));
}

/** `exportTo` of VirtualServices, DestinationRules and ServiceEntries. */
export function* exportToProblems(spec: unknown, namespace: string): Generator<Problem> {
  const scopes = texts(at(spec, 'exportTo'));
  const path = 'spec.exportTo';
  const meant = scopes.map((scope) => (scope === '.' ? namespace : scope));
  if (new Set(meant).size < meant.length) yield { path, message: `exportTo names a namespace twice: ${scopes.join(', ')}`, fix: 'Remove one of them; "." is the namespace of the object.' };
  if (scopes.includes('*') && scopes.length > 1) yield { path, message: 'exportTo says everybody (*) and names namespaces too', fix: 'Keep one of the two.' };
  for (const scope of scopes) if (scope !== '*' && scope !== '.' && scope !== '~' && !isLabel(scope)) yield { path, message: `exportTo takes ".", "*" and names of namespaces, and "${scope}" is none`, fix: 'Correct the name.' };
}

export const isPort = (port: number): boolean => Number.isInteger(port) && port >= 1 && port <= 65_535;
