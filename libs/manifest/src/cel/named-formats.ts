import { formatCheck } from '../schema/string-formats.ts';
import { dns1035Label, dns1123Label, dns1123Subdomain, labelValue, qualifiedName } from '../schema/object-names.ts';
import { parseRequestUri } from './go-url.ts';

/** One of CEL's `format.<name>()` values: what is wrong with a text, in the API server's words. */
export class NamedFormat {
  readonly name: string;
  readonly problems: (text: string) => string[];

  constructor(name: string, problems: (text: string) => string[]) {
    this.name = name;
    this.problems = problems;
  }
}

const byRegistry = (name: string, format: string, problem: string): NamedFormat =>
  new NamedFormat(name, (text) => (formatCheck(format)?.(text) === true ? [] : [problem]));

const prefix = (rule: (text: string) => string[]) => (text: string) => rule(text.endsWith('-') ? `${text.slice(0, -1)}a` : text);

/** Kubernetes' named formats (k8s.io/apiserver/pkg/cel/library/format.go). */
export const NAMED_FORMATS: Readonly<Record<string, NamedFormat>> = Object.fromEntries(
  [
    new NamedFormat('dns1123Label', dns1123Label),
    new NamedFormat('dns1123Subdomain', dns1123Subdomain),
    new NamedFormat('dns1035Label', dns1035Label),
    new NamedFormat('qualifiedName', qualifiedName),
    new NamedFormat('labelValue', labelValue),
    new NamedFormat('dns1123LabelPrefix', prefix(dns1123Label)),
    new NamedFormat('dns1123SubdomainPrefix', prefix(dns1123Subdomain)),
    new NamedFormat('dns1035LabelPrefix', prefix(dns1035Label)),
    new NamedFormat('uri', (text) => (parseRequestUri(text) === undefined ? ['invalid URI'] : [])),
    byRegistry('uuid', 'uuid', 'does not match the UUID format'),
    byRegistry('byte', 'byte', 'invalid base64'),
    byRegistry('date', 'date', 'invalid date'),
    byRegistry('datetime', 'datetime', 'invalid datetime'),
  ].map((format) => [format.name, format]),
);
