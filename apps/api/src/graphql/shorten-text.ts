/** Longer ones are no words: a name or value that somebody sent, which they know. */
const LONG_WORD = /\S{300,}/g;
const KEPT_OF_WORD = 100;
const MOST = 2_000;
const [HEAD, TAIL] = [1_200, 600];

/** What is said of an input, without all of the input in it: a megabyte that was sent is not sent back, once for each way of asking. */
export function shortened(text: string): string {
  const short = text.length <= KEPT_OF_WORD ? text : text.replace(LONG_WORD, (word) => `${word.slice(0, KEPT_OF_WORD)}…`);
  return short.length <= MOST ? short : `${short.slice(0, HEAD)} … ${short.slice(-TAIL)}`;
}
