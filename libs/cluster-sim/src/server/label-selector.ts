import { badRequest } from './status-error.ts';

export type LabelPredicate = (labels: { readonly [key: string]: string } | undefined) => boolean;

type Requirement = (labels: { readonly [key: string]: string }) => boolean;

/**
 * Label selectors of list and watch: `app=web,tier!=cache,env in (prod,qa),!legacy,weight>3`.
 * Undefined for the empty selector; 400 with kube-apiserver's words for what does not parse.
 */
export function parseLabelSelector(text: string | undefined): LabelPredicate | undefined {
  if (text === undefined || text.trim() === '') return undefined;
  const requirements = new SelectorParser(text).parse();
  return (labels) => requirements.every((requirement) => requirement(labels ?? {}));
}

const KEY = /^([A-Za-z0-9][-A-Za-z0-9_./]*[A-Za-z0-9]|[A-Za-z0-9])$/;
const VALUE = /^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$/;

class SelectorParser {
  readonly #text: string;
  readonly #tokens: string[];
  #at = 0;

  constructor(text: string) {
    this.#text = text;
    this.#tokens = text.match(/!=|==|[=!,()<>]|[^\s=!,()<>]+/g) ?? [];
  }

  parse(): Requirement[] {
    const requirements = [this.#requirement()];
    while (this.#at < this.#tokens.length) {
      if (this.#next() !== ',') throw this.#broken("found '" + (this.#tokens[this.#at - 1] ?? '') + "', expected: ',' or 'end of string'");
      requirements.push(this.#requirement());
    }
    return requirements;
  }

  #requirement(): Requirement {
    if (this.#peek() === '!') {
      this.#next();
      const absent = this.#key();
      return (labels) => !Object.hasOwn(labels, absent);
    }
    const key = this.#key();
    const operator = this.#peek();
    if (operator === undefined || operator === ',') return (labels) => Object.hasOwn(labels, key);
    this.#next();
    switch (operator) {
      case '=':
      case '==': {
        const value = this.#value();
        return (labels) => labels[key] === value;
      }
      case '!=': {
        const value = this.#value();
        return (labels) => labels[key] !== value;
      }
      case 'in': {
        const values = this.#values();
        return (labels) => Object.hasOwn(labels, key) && values.has(labels[key] as string);
      }
      case 'notin': {
        const values = this.#values();
        return (labels) => !Object.hasOwn(labels, key) || !values.has(labels[key] as string);
      }
      case '<':
      case '>': {
        const bound = Number(this.#value());
        if (!Number.isInteger(bound)) throw this.#broken("for 'Gt', 'Lt' operators, the value must be an integer");
        return (labels) => {
          const value = Object.hasOwn(labels, key) ? Number(labels[key]) : Number.NaN;
          return operator === '<' ? value < bound : value > bound;
        };
      }
      default:
        throw this.#broken(`found '${operator}', expected: in, notin, =, ==, !=, gt, lt`);
    }
  }

  #values(): Set<string> {
    if (this.#next() !== '(') throw this.#broken("found '" + (this.#tokens[this.#at - 1] ?? '') + "', expected: '('");
    const values = new Set<string>();
    for (;;) {
      const token = this.#peek();
      if (token === ',' || token === ')') values.add('');
      else values.add(this.#value());
      const after = this.#next();
      if (after === ')') return values;
      if (after !== ',') throw this.#broken(`found '${after ?? ''}', expected: ',' or ')'`);
    }
  }

  #key(): string {
    const token = this.#next();
    const [first = '', ...rest] = (token ?? '').split('/');
    const name = rest.length === 0 ? first : rest.join('/');
    if (token === undefined || !KEY.test(token) || rest.length > 1 || name.length > 63) {
      throw this.#broken(`found '${token ?? ''}', expected: identifier`);
    }
    return token;
  }

  #value(): string {
    const token = this.#peek();
    if (token === undefined || token === ',') return '';
    this.#next();
    if (!VALUE.test(token) || token.length > 63) throw this.#broken(`invalid label value: ${JSON.stringify(token)}`);
    return token;
  }

  #peek(): string | undefined {
    return this.#tokens[this.#at];
  }

  #next(): string | undefined {
    return this.#tokens[this.#at++];
  }

  #broken(why: string) {
    return badRequest(`unable to parse requirement: ${why} (selector ${JSON.stringify(this.#text)})`);
  }
}
