import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { createLineSplitter } from './json-lines.ts';

function linesOf(chunks: readonly Buffer[], maxBytes?: number): { lines: string[]; within: boolean } {
  const lines: string[] = [];
  const split = createLineSplitter((line) => lines.push(line), maxBytes);
  const within = chunks.map((chunk) => split(chunk)).every(Boolean);
  return { lines, within };
}

it('gives the same lines however the network has cut them, also in the middle of a letter', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'binary', minLength: 1, maxLength: 12 }).filter((line) => !line.includes('\n') && line !== '\r'), { maxLength: 12 }), fc.array(fc.nat(20), { maxLength: 12 }), (lines, sizes) => {
      const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''));
      const chunks: Buffer[] = [];
      let at = 0;
      for (const size of sizes) {
        chunks.push(bytes.subarray(at, at + size));
        at += size;
      }
      chunks.push(bytes.subarray(at));
      expect(linesOf(chunks).lines).toEqual(lines.map((line) => Buffer.from(line).toString('utf8')));
    }),
  );
});

it('keeps half a line for itself: it is no event', () => {
  expect(linesOf([Buffer.from('{"a":1}\n{"b":')]).lines).toEqual(['{"a":1}']);
});

it('passes over empty lines', () => {
  expect(linesOf([Buffer.from('\n\r\n{"a":1}\n\n')]).lines).toEqual(['{"a":1}']);
});

it('says when a line is longer than it may be, before the memory is full', () => {
  expect(linesOf([Buffer.alloc(60, 97), Buffer.alloc(60, 97)], 100).within).toBe(false);
  expect(linesOf([Buffer.from('a\n'.repeat(1_000))], 100).within).toBe(true);
});
