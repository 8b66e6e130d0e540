const MIB = 1024 * 1024;

/**
 * How much longer copies and filled-in values may make one object, in characters of JSON: etcd takes no more than 1.5 MiB.
 * Without a bound, thirty copies make a gigabyte of a line.
 */
const MOST_PER_OBJECT = 2 * MIB;
/** And all objects of a rendering together: as much as the longest text that a policy may have. */
const MOST_PER_RENDERING = 8 * MIB;

/** What is left of that. Once something did not fit, nothing else does: whoever grows so far is refused as a whole. */
export class Growth {
  #left: number;
  readonly #whole: Growth | undefined;

  private constructor(left: number, whole?: Growth) {
    this.#left = left;
    this.#whole = whole;
  }

  static ofRendering(): Growth {
    return new Growth(MOST_PER_RENDERING);
  }

  static ofObject(rendering?: Growth): Growth {
    return new Growth(MOST_PER_OBJECT, rendering);
  }

  get isExhausted(): boolean {
    return this.#left < 0 || this.#whole?.isExhausted === true;
  }

  /** What is too much, as the end of a sentence: something makes .. */
  get excess(): string {
    return this.#whole?.isExhausted === true ? `all objects together grow by more than ${MOST_PER_RENDERING / MIB} MiB` : `the object grow by more than ${MOST_PER_OBJECT / MIB} MiB`;
  }

  /** Whether so many characters still fit. */
  take(characters: number): boolean {
    if (this.isExhausted) return false;
    this.#left -= characters;
    // Beyond its own bound it is refused alone, and the others keep what they may take.
    if (this.#left >= 0) this.#whole?.take(characters);
    return !this.isExhausted;
  }
}
