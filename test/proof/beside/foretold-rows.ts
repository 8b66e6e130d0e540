import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { ProofReport } from '../proof.ts';
import type { Foretold } from './our-policy.ts';
import { TAKE_OVER } from './their-shop.ts';

const EFFECT_MS = 60_000;

/** Reports whether what was seen is what was expected. */
export type Row = (sent: string, expected: unknown, seen: unknown) => void;

export function rowOf(report: ProofReport): Row {
  return (sent, expected, seen) => {
    report.row({ sent, expected: words(expected), seen: words(seen), passed: isDeepStrictEqual(seen, expected) });
  };
}

/** What is seen once it is as expected, or in the end. */
export async function eventually(look: () => Promise<unknown>, expected: unknown): Promise<unknown> {
  const deadline = performance.now() + EFFECT_MS;
  for (;;) {
    const seen = await look();
    if (isDeepStrictEqual(seen, expected) || performance.now() > deadline) return seen;
    await sleep(200);
  }
}

const OURS_ALONE = ['DestinationRule.networking.istio.io/shop/ours: CREATED'];

/** A dry run in which the same comes of every object that both set. */
export function eachOfTheirs(outcome: string, manager?: string, ours = OURS_ALONE): string[] {
  return [...TAKE_OVER.map(({ object }) => `${object}: ${outcome}${manager === undefined ? '' : `, ${manager}`}`), ...ours].sort();
}

export function shown(objects: readonly Foretold[], withReason = true): string[] {
  return objects
    .map(({ key, outcome, reason, conflicts }) => {
      const managers = [...new Set(conflicts.map(({ manager }) => manager))].join(' and ');
      return `${key}: ${outcome}${withReason && outcome === 'CHANGED' && reason !== null ? ` ${reason}` : ''}${outcome === 'CONFLICT' ? `, ${managers}` : ''}`;
    })
    .sort();
}

function words(value: unknown): string {
  if (typeof value === 'string') return value;
  return Array.isArray(value) ? value.map(words).join('; ') : (JSON.stringify(value) ?? 'nothing');
}
