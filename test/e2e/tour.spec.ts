import { afterAll, beforeAll, expect, it } from 'vitest';
import { createProgress } from '../../apps/demo/src/progress.ts';
import { takeTour } from '../../apps/demo/src/tour/take-tour.ts';
import { openFleet, type OpenFleet } from './open-fleet.ts';

let open: OpenFleet;
beforeAll(async () => {
  open = await openFleet();
}, 120_000);
afterAll(async () => {
  await open.close();
}, 60_000);

it('pushes by label, corrects tampering, previews, rolls out and back, withdraws, and leaves everything else as it was', async () => {
  const lines: string[] = [];
  await takeTour(open.fleet, open.client, createProgress((text) => lines.push(text)));
  expect(lines).toHaveLength(8);
  expect(lines.every((line) => line.includes('✓'))).toBe(true);
}, 120_000);
