import { MeshfleetError } from './errors.ts';

/** One requirement of a selector; all of them must hold. As apimachinery's labels.Requirement. */
export type LabelRequirement =
  | { readonly operator: 'in' | 'notin'; readonly key: string; readonly values: readonly string[] }
  | { readonly operator: 'exists' | 'absent'; readonly key: string }
  | { readonly operator: 'gt' | 'lt'; readonly key: string; readonly bound: number };

/** An empty list selects everything, as `kubectl get -l ''` does. */
export type LabelSelector = readonly LabelRequirement[];

/**
 * Parses a selector as kubectl takes it: `env=prod, tier in (web,api), region notin (eu), !legacy, track, zone!=a, cores>4`.
 * Equality is a set of one: `a=b` and `a in (b)` are the same requirement. Grammar and limits are those of
 * k8s.io/apimachinery/pkg/labels.
 * @throws MeshfleetError PLACEMENT_INVALID naming the place in the text
 */
export function parseLabelSelector(text: string): LabelSelector {
  const tokens = tokenize(text);
  const requirements: LabelRequirement[] = [];
  let at = 0;

  const peek = (): Token => tokens[at] ?? { kind: 'end', text: '', column: text.length + 1 };
  const take = (): Token => {
    const token = peek();
    at += 1;
    return token;
  };
  const refuse = (token: Token, why: string): never => {
    throw selectorError(text, token.column, why);
  };

  const value = (token: Token): string => {
    if (token.kind !== 'word') refuse(token, `a value is missing before ${named(token)}`);
    const problem = labelValueProblem(token.text);
    if (problem !== undefined) refuse(token, problem);
    return token.text;
  };

  /** `=` and `!=` may stand before nothing: the empty value. */
  const valueOrEmpty = (): string => (peek().kind === 'word' ? value(take()) : '');

  const set = (): string[] => {
    const open = take();
    if (open.text !== '(') refuse(open, `"(" is missing before ${named(open)}`);
    const values = new Set<string>();
    for (;;) {
      values.add(valueOrEmpty());
      const next = take();
      if (next.text === ')' && next.kind === 'sign') return [...values].sort();
      if (next.text !== ',') refuse(next, `"," or ")" is missing before ${named(next)}`);
    }
  };

  const number = (): number => {
    const token = take();
    if (token.kind !== 'word' || !/^-?\d{1,15}$/.test(token.text)) refuse(token, `a whole number is missing before ${named(token)}`);
    return Number(token.text);
  };

  const requirement = (): LabelRequirement => {
    const negated = peek().text === '!' && peek().kind === 'sign';
    if (negated) take();
    const token = take();
    if (token.kind !== 'word') refuse(token, `a label key is missing before ${named(token)}`);
    const problem = labelKeyProblem(token.text);
    if (problem !== undefined) refuse(token, problem);
    const key = token.text;
    const next = peek();
    if (negated || next.kind === 'end' || next.text === ',') return { operator: negated ? 'absent' : 'exists', key };
    take();
    switch (next.text) {
      case '=':
      case '==':
        return { operator: 'in', key, values: [valueOrEmpty()] };
      case '!=':
        return { operator: 'notin', key, values: [valueOrEmpty()] };
      case 'in':
      case 'notin':
        return { operator: next.text, key, values: set() };
      case '>':
        return { operator: 'gt', key, bound: number() };
      case '<':
        return { operator: 'lt', key, bound: number() };
      default:
        return refuse(next, `an operator (=, !=, in, notin, <, >) is missing before ${named(next)}`);
    }
  };

  while (peek().kind !== 'end') {
    requirements.push(requirement());
    const comma = take();
    if (comma.kind === 'end') break;
    if (comma.text !== ',') refuse(comma, `"," is missing before ${named(comma)}`);
    if (peek().kind === 'end') refuse(peek(), 'a label key is missing after ","');
  }
  if (requirements.length > 100) throw selectorError(text, 1, `it has ${requirements.length} requirements, and 100 are the most`);
  return requirements;
}

/** Whether labels meet every requirement. A key that is absent meets `!=` and `notin`, as in Kubernetes. */
export function matchesLabels(selector: LabelSelector, labels: Readonly<Record<string, string>>): boolean {
  return selector.every((requirement) => {
    const value = Object.hasOwn(labels, requirement.key) ? labels[requirement.key] : undefined;
    switch (requirement.operator) {
      case 'in':
        return value !== undefined && requirement.values.includes(value);
      case 'notin':
        return value === undefined || !requirement.values.includes(value);
      case 'exists':
        return value !== undefined;
      case 'absent':
        return value === undefined;
      case 'gt':
      case 'lt': {
        if (value === undefined || !/^[+-]?\d{1,15}$/.test(value)) return false;
        return requirement.operator === 'gt' ? Number(value) > requirement.bound : Number(value) < requirement.bound;
      }
    }
  });
}

/** The selector in its canonical spelling; parsing it gives the same selector again. */
export function printLabelSelector(selector: LabelSelector): string {
  return selector
    .map((requirement) => {
      switch (requirement.operator) {
        case 'in':
        case 'notin': {
          const [only] = requirement.values;
          if (requirement.values.length === 1) return `${requirement.key}${requirement.operator === 'in' ? '=' : '!='}${only ?? ''}`;
          return `${requirement.key} ${requirement.operator} (${requirement.values.join(',')})`;
        }
        case 'exists':
          return requirement.key;
        case 'absent':
          return `!${requirement.key}`;
        case 'gt':
          return `${requirement.key}>${requirement.bound}`;
        case 'lt':
          return `${requirement.key}<${requirement.bound}`;
      }
    })
    .join(',');
}

/** Why a text cannot be a label key (optional DNS prefix, name of at most 63 characters); undefined when it can. */
export function labelKeyProblem(key: string): string | undefined {
  const parts = key.split('/');
  const name = parts.at(-1) ?? '';
  if (parts.length > 2) return `"${shorten(key)}" is no label key: it has more than one "/"`;
  if (!NAME.test(name) || name.length > 63) return `"${shorten(key)}" is no label key: its name must be 1 to 63 of A-Z a-z 0-9 - _ . and begin and end with a letter or digit`;
  const prefix = parts.length === 2 ? parts[0] : undefined;
  if (prefix !== undefined && (!DNS.test(prefix) || prefix.length > 253)) return `"${shorten(key)}" is no label key: its prefix must be a DNS name`;
  return undefined;
}

/** Why a text cannot be a label value; undefined when it can. The empty value can. */
export function labelValueProblem(value: string): string | undefined {
  if (value === '' || (NAME.test(value) && value.length <= 63)) return undefined;
  return `"${shorten(value)}" is no label value: at most 63 of A-Z a-z 0-9 - _ . that begin and end with a letter or digit`;
}

const NAME = /^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/;
const DNS = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

interface Token {
  readonly kind: 'word' | 'sign' | 'end';
  readonly text: string;
  readonly column: number;
}

/** Signs are operators, commas and parentheses; `in` and `notin` are signs only where an operator can stand. */
function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  const pattern = /\s*(?:(==|!=|[=!,()<>])|([^\s=!,()<>]+))/gy;
  for (let match = pattern.exec(text); match !== null; match = pattern.exec(text)) {
    const [whole, sign, word = ''] = match;
    const column = match.index + whole.length - (sign ?? word).length + 1;
    const previous = tokens.at(-1);
    const afterKey = previous?.kind === 'word' && (tokens.length === 1 || [',', '!'].includes(tokens.at(-2)?.text ?? ''));
    const isOperator = sign !== undefined || (afterKey && (word === 'in' || word === 'notin') && !insideSet(tokens));
    tokens.push({ kind: isOperator ? 'sign' : 'word', text: sign ?? word, column });
  }
  return tokens;
}

function insideSet(tokens: readonly Token[]): boolean {
  const opened = tokens.findLastIndex((token) => token.kind === 'sign' && token.text === '(');
  const closed = tokens.findLastIndex((token) => token.kind === 'sign' && token.text === ')');
  return opened > closed;
}

function named(token: Token): string {
  return token.kind === 'end' ? 'the end' : `"${shorten(token.text)}"`;
}

function shorten(text: string): string {
  return text.length <= 80 ? text : `${text.slice(0, 77)}...`;
}

function selectorError(text: string, column: number, why: string): MeshfleetError {
  return new MeshfleetError({
    code: 'PLACEMENT_INVALID',
    summary: `The label selector "${shorten(text)}" cannot be read`,
    why: `${why} (column ${column})`,
    fix: 'Write it as for kubectl -l: env=prod,tier in (web,api),!legacy',
    where: { column },
  });
}
