import type { StatusCause } from '../server/status-error.ts';

/** Collects what is wrong with an object, in the words of k8s.io/apimachinery/pkg/util/validation/field. */
export class FieldErrors {
  readonly causes: StatusCause[] = [];

  required(field: string, detail = ''): void {
    this.#add('FieldValueRequired', field, detail === '' ? 'Required value' : `Required value: ${detail}`);
  }

  invalid(field: string, value: unknown, detail: string): void {
    this.#add('FieldValueInvalid', field, `Invalid value: ${printed(value)}: ${detail}`);
  }

  forbidden(field: string, detail: string): void {
    this.#add('FieldValueForbidden', field, `Forbidden: ${detail}`);
  }

  duplicate(field: string, value: unknown): void {
    this.#add('FieldValueDuplicate', field, `Duplicate value: ${printed(value)}`);
  }

  notFound(field: string, value: unknown): void {
    this.#add('FieldValueNotFound', field, `Not found: ${printed(value)}`);
  }

  tooLong(field: string, maximum: number): void {
    this.#add('FieldValueTooLong', field, `Too long: may not be more than ${maximum} bytes`);
  }

  /** One of a closed set; the set is printed in alphabetical order. */
  supported(field: string, value: unknown, supported: readonly string[]): void {
    if (typeof value === 'string' && supported.includes(value)) return;
    if (value === undefined || value === '') return this.required(field);
    this.notSupported(field, value, supported.toSorted());
  }

  /** Not one of a set that is printed as it is given. */
  notSupported(field: string, value: unknown, supported: readonly string[]): void {
    this.#add('FieldValueNotSupported', field, `Unsupported value: ${printed(value)}: supported values: ${supported.map((one) => JSON.stringify(one)).join(', ')}`);
  }

  /** Every problem that a name rule found. */
  problems(field: string, value: unknown, problems: readonly string[]): void {
    for (const problem of problems) this.invalid(field, value, problem);
  }

  nonNegative(field: string, value: unknown): void {
    if (typeof value === 'number' && value < 0) this.invalid(field, value, 'must be greater than or equal to 0');
  }

  port(field: string, value: unknown): void {
    if (typeof value !== 'number' || value < 1 || value > 65535) this.invalid(field, value, 'must be between 1 and 65535, inclusive');
  }

  immutable(field: string, value: unknown): void {
    this.invalid(field, value, 'field is immutable');
  }

  #add(reason: string, field: string, message: string): void {
    this.causes.push({ reason, message, field });
  }
}

function printed(value: unknown): string {
  return value === undefined ? 'null' : JSON.stringify(value);
}
