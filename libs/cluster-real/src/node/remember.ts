/** Asks once for all who ask for the same within `ttlMs`; an answer that failed is not kept. */
export function remember<T>(ask: (key: string) => Promise<T>, ttlMs: number, now: () => number = () => performance.now()): (key: string) => Promise<T> {
  const known = new Map<string, { at: number; answer: Promise<T> }>();
  return (key) => {
    const before = known.get(key);
    if (before !== undefined && now() - before.at < ttlMs) return before.answer;
    const answer = ask(key);
    known.set(key, { at: now(), answer });
    answer.catch(() => known.delete(key));
    return answer;
  };
}
