import { z } from 'zod';

/** What the hub fills in per cluster may be a piece of any name: `shop.${cluster.region}.example.com`. Source of a regular expression. */
export const REFERENCE = String.raw`\$\{(?:cluster|var)\.[^{}]+\}`;

/** The text with "x" in place of what is filled in per cluster, for checks of the rest. */
export function withoutReferences(text: string): string {
  return text.replaceAll(new RegExp(REFERENCE, 'g'), 'x');
}
const EDGE = `(?:[a-z0-9]|${REFERENCE})`;
const LABEL = `${EDGE}(?:(?:[-a-z0-9]|${REFERENCE})*${EDGE})?`;
const SUBDOMAIN = String.raw`${LABEL}(?:\.${LABEL})*`;
const QUALIFIED_EDGE = `(?:[A-Za-z0-9]|${REFERENCE})`;
const QUALIFIED = `${QUALIFIED_EDGE}(?:(?:[-A-Za-z0-9_.]|${REFERENCE})*${QUALIFIED_EDGE})?`;

const text = (pattern: string, problem: string): z.ZodString => z.string().max(253, 'Must be no longer than 253 characters').regex(new RegExp(`^${pattern}$`), problem);

/** Pieces of presets' parameters. Give each use its own `.meta({ title, description })`. */

/** A namespace, and anything else that must be a DNS label. */
export const dnsLabelField = text(LABEL, 'Must consist of lower case letters, digits and "-", as in "shop"');

/** Names of most objects and of service accounts. */
export const objectNameField = text(SUBDOMAIN, 'Must consist of lower case letters, digits, "-" and ".", as in "shop-gateway"');

/** False for what ends in a number, as an address does: istiod takes it for no host. */
const endsInName = (host: string): boolean => !/(?:^|\.)\d+$/.test(withoutReferences(host));
const NUMBER_AT_END = 'The last part of a host must not be a number';

/** A host without wildcards: `reviews`, `reviews.shop.svc.cluster.local`, `api.example.com`. */
export const hostField = text(SUBDOMAIN, 'Must be the name of a host, as in "reviews.shop.svc.cluster.local"').refine(endsInName, NUMBER_AT_END);

/** A host that may start with a wildcard: `*.example.com`. */
export const wildcardHostField = text(String.raw`(?:\*\.)?${SUBDOMAIN}`, 'Must be the name of a host, as in "api.example.com" or "*.example.com"').refine(endsInName, NUMBER_AT_END);

/** The same with a dot in it: gateways take no short names. */
export const publicHostField = wildcardHostField.refine((host) => withoutReferences(host).includes('.') || host !== withoutReferences(host), 'Must be a full name, as in "api.example.com"');

export const portField = z.int().min(1).max(65535);

const labelKey = text(`(?:${SUBDOMAIN}/)?${QUALIFIED}`, 'Must be the key of a label, as in "app" or "app.kubernetes.io/name"');
const labelValue = text(`(?:${QUALIFIED})?`, 'Must be the value of a label: letters, digits, "-", "_" and "."');

/** Labels, at least one: those of the pods that a selector is to match. */
export const labelsField = z.record(labelKey, labelValue).refine((labels) => Object.keys(labels).length > 0, 'Name at least one label');

/** A time span as Istio and Kubernetes write it: `250ms`, `1m30s`. Whether zero makes sense is for the preset to say. */
export const durationField = z.string().regex(/^(?:\d+(?:\.\d+)?(?:h|m|s|ms))+$/, 'Must be a time span, as in "250ms", "5s" or "1m30s"');
