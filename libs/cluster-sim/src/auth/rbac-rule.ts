import type { RequestAttributes } from '../seam.ts';
import type { Fields } from '../kinds/field.ts';
import { textsAt } from '../kinds/field.ts';

/** rbac.authorization.k8s.io/v1 PolicyRule with every list present. */
export interface PolicyRule {
  readonly verbs: readonly string[];
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames: readonly string[];
  readonly nonResourceURLs: readonly string[];
}

export function toRule(fields: Fields): PolicyRule {
  return {
    verbs: textsAt(fields, 'verbs'),
    apiGroups: textsAt(fields, 'apiGroups'),
    resources: textsAt(fields, 'resources'),
    resourceNames: textsAt(fields, 'resourceNames'),
    nonResourceURLs: textsAt(fields, 'nonResourceURLs'),
  };
}

/** Whether one rule allows a request (k8s.io/component-helpers RuleAllows). */
export function ruleAllows(rule: PolicyRule, request: RequestAttributes): boolean {
  if (!has(rule.verbs, request.verb)) return false;
  if (request.nonResourcePath !== undefined) return rule.nonResourceURLs.some((url) => urlMatches(url, request.nonResourcePath ?? ''));
  return (
    has(rule.apiGroups, request.group ?? '') &&
    rule.resources.some((resource) => resourceMatches(resource, request.resource ?? '', request.subresource)) &&
    (rule.resourceNames.length === 0 || rule.resourceNames.includes(request.name ?? ''))
  );
}

/** The parts of `wanted` that `held` does not cover, each down to one verb on one resource; escalation is refused over them. */
export function missingRules(wanted: readonly PolicyRule[], held: readonly PolicyRule[]): PolicyRule[] {
  return wanted.flatMap(breakDown).filter((part) => !held.some((rule) => covers(rule, part)));
}

/** As kube-apiserver writes a rule into a refusal: `{APIGroups:[""], Resources:["pods"], Verbs:["get" "list"]}`. */
export function describeRule(rule: PolicyRule): string {
  const part = (name: string, values: readonly string[]): string[] => (values.length === 0 ? [] : [`${name}:[${values.map((value) => JSON.stringify(value)).join(' ')}]`]);
  return `{${[
    ...part('APIGroups', rule.apiGroups),
    ...part('Resources', rule.resources),
    ...part('ResourceNames', rule.resourceNames),
    ...part('NonResourceURLs', rule.nonResourceURLs),
    ...part('Verbs', rule.verbs),
  ].join(', ')}}`;
}

/** Joins rules that differ in their verbs alone. */
export function compactRules(rules: readonly PolicyRule[]): PolicyRule[] {
  const joined = new Map<string, PolicyRule>();
  for (const rule of rules) {
    const key = JSON.stringify([rule.apiGroups, rule.resources, rule.resourceNames, rule.nonResourceURLs]);
    const known = joined.get(key);
    joined.set(key, known === undefined ? rule : { ...known, verbs: [...new Set([...known.verbs, ...rule.verbs])] });
  }
  return [...joined.values()];
}

const has = (values: readonly string[], value: string): boolean => values.includes('*') || values.includes(value);

function resourceMatches(pattern: string, resource: string, subresource: string | undefined): boolean {
  if (pattern === '*') return true;
  if (subresource === undefined || subresource === '') return pattern === resource;
  return pattern === `${resource}/${subresource}` || pattern === `*/${subresource}`;
}

function urlMatches(pattern: string, path: string): boolean {
  if (pattern === '*' || pattern === path) return true;
  return pattern.endsWith('*') && path.startsWith(pattern.slice(0, -1));
}

function breakDown(rule: PolicyRule): PolicyRule[] {
  const names = rule.resourceNames.length === 0 ? [[]] : rule.resourceNames.map((name) => [name]);
  const onResources = rule.apiGroups.flatMap((group) =>
    rule.resources.flatMap((resource) =>
      rule.verbs.flatMap((verb) =>
        names.map((resourceNames) => ({ verbs: [verb], apiGroups: [group], resources: [resource], resourceNames, nonResourceURLs: [] })),
      ),
    ),
  );
  const onUrls = rule.nonResourceURLs.flatMap((url) =>
    rule.verbs.map((verb) => ({ verbs: [verb], apiGroups: [], resources: [], resourceNames: [], nonResourceURLs: [url] })),
  );
  return [...onResources, ...onUrls];
}

/** `part` holds one verb and either one group, resource and at most one name, or one URL. */
function covers(rule: PolicyRule, part: PolicyRule): boolean {
  const verb = part.verbs[0] ?? '';
  if (!has(rule.verbs, verb)) return false;
  const [url] = part.nonResourceURLs;
  if (url !== undefined) return rule.nonResourceURLs.some((pattern) => urlMatches(pattern, url));
  const [resource = '', subresource] = (part.resources[0] ?? '').split('/');
  return (
    has(rule.apiGroups, part.apiGroups[0] ?? '') &&
    rule.resources.some((pattern) => pattern === part.resources[0] || resourceMatches(pattern, resource, subresource)) &&
    (rule.resourceNames.length === 0 || part.resourceNames.some((name) => rule.resourceNames.includes(name)))
  );
}
