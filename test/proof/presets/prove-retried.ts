import { behave } from '@meshfleet/cluster-real';
import { CALLS, send, seenOf } from './measure.ts';
import type { Stage } from './stage.ts';

/** While one of two pods fails: under three attempts for GET, and none for POST. */
export async function proveRetried({ client, echo, v2, report }: Stage): Promise<void> {
  await behave(v2, { status: 500 });
  const gets = await send(client, { url: echo });
  // An attempt may, by chance, go to the same pod again.
  report.row({ sent: `${CALLS} GET calls while v2 answers 500, with 3 attempts`, expected: 'at least 97 % 200', seen: seenOf(gets), passed: (gets.byCode['200'] ?? 0) >= CALLS * 0.97 });
  const posts = await send(client, { url: echo, method: 'POST' });
  const failed = posts.byCode['500'] ?? 0;
  report.row({ sent: `${CALLS} POST calls, which are not to be retried`, expected: 'about half 500', seen: seenOf(posts), passed: failed >= CALLS * 0.3 && failed <= CALLS * 0.7 });
  await behave(v2, {});
}
