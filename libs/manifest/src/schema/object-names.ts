/** Names, labels and annotations as Kubernetes checks them. Each rule answers what is wrong, in the API server's words; nothing when all is well. */

const LABEL = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const QUALIFIED = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]';

const DNS1123_LABEL = new RegExp(`^${LABEL}$`);
const DNS1123_SUBDOMAIN = new RegExp(`^${LABEL}(\\.${LABEL})*$`);
const DNS1035_LABEL = /^[a-z]([-a-z0-9]*[a-z0-9])?$/;
const QUALIFIED_NAME = new RegExp(`^${QUALIFIED}$`);
const LABEL_VALUE = new RegExp(`^(${QUALIFIED})?$`);

const regexError = (what: string, pattern: string, ...examples: string[]): string =>
  `${what} (e.g. ${examples.map((one) => `'${one}', `).join(' or ')}regex used for validation is '${pattern}')`;

const LABEL_PROBLEM = regexError(
  'a lowercase RFC 1123 label must consist of lower case alphanumeric characters or \'-\', and must start and end with an alphanumeric character',
  LABEL, 'my-name', '123-abc',
);
const SUBDOMAIN_PROBLEM = regexError(
  'a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, \'-\' or \'.\', and must start and end with an alphanumeric character',
  `${LABEL}(\\.${LABEL})*`, 'example.com',
);
const LABEL_1035_PROBLEM = regexError(
  'a DNS-1035 label must consist of lower case alphanumeric characters or \'-\', start with an alphabetic character, and end with an alphanumeric character',
  '[a-z]([-a-z0-9]*[a-z0-9])?', 'my-name', 'abc-123',
);
const NAME_PART_PROBLEM = regexError(
  'name part must consist of alphanumeric characters, \'-\', \'_\' or \'.\', and must start and end with an alphanumeric character',
  QUALIFIED, 'MyName', 'my.name', '123-abc',
);
const LABEL_VALUE_PROBLEM = regexError(
  'a valid label must be an empty string or consist of alphanumeric characters, \'-\', \'_\' or \'.\', and must start and end with an alphanumeric character',
  `(${QUALIFIED})?`, 'MyValue', 'my_value', '12345',
);

const limited = (text: string, max: number): string[] => (text.length > max ? [`must be no more than ${max} bytes`] : []);

/** What is wrong with a namespace's name, in Kubernetes' words; empty when nothing is. */
export function dns1123Label(text: string): string[] {
  return [...limited(text, 63), ...(DNS1123_LABEL.test(text) ? [] : [LABEL_PROBLEM])];
}

/** What is wrong with the name of most objects (RFC 1123 subdomain, at most 253 bytes). */
export function dns1123Subdomain(text: string): string[] {
  return [...limited(text, 253), ...(DNS1123_SUBDOMAIN.test(text) ? [] : [SUBDOMAIN_PROBLEM])];
}

/** What is wrong with a Service's name (RFC 1035 label, at most 63 bytes). */
export function dns1035Label(text: string): string[] {
  return [...limited(text, 63), ...(DNS1035_LABEL.test(text) ? [] : [LABEL_1035_PROBLEM])];
}

/** What is wrong with the value of a label. */
export function labelValue(text: string): string[] {
  return [...limited(text, 63), ...(LABEL_VALUE.test(text) ? [] : [LABEL_VALUE_PROBLEM])];
}

/** `prefix/name`, as label and annotation keys are. */
export function qualifiedName(text: string): string[] {
  const parts = text.split('/');
  const problems: string[] = [];
  let name = parts[0] ?? '';
  if (parts.length === 2) {
    const prefix = parts[0] ?? '';
    name = parts[1] ?? '';
    if (prefix === '') problems.push('prefix part must be non-empty');
    else problems.push(...dns1123Subdomain(prefix).map((problem) => `prefix part ${problem}`));
  } else if (parts.length > 2) {
    return [
      `a qualified name ${NAME_PART_PROBLEM.slice('name part '.length)} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`,
    ];
  }
  if (name === '') problems.push('name part must be non-empty');
  else if (name.length > 63) problems.push('name part must be no more than 63 bytes');
  if (!QUALIFIED_NAME.test(name)) problems.push(NAME_PART_PROBLEM);
  return problems;
}

/** What no object's name may hold, whatever its kind (k8s.io/apimachinery/pkg/api/validation/path). */
export function pathSegmentName(text: string): string[] {
  if (text === '.' || text === '..') return [`may not be '${text}'`];
  return ['/', '%'].filter((character) => text.includes(character)).map((character) => `may not contain '${character}'`);
}
