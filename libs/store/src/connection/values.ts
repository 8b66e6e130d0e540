/** Collects the values of a statement and hands out their placeholders. */
export class Values {
  readonly list: unknown[];

  /** @param given values that the surrounding statement has already: placeholders go on after them */
  constructor(given: readonly unknown[] = []) {
    this.list = [...given];
  }

  add(value: unknown): string {
    this.list.push(value);
    return `$${this.list.length}`;
  }
}
