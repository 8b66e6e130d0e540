import { describe, expect, it } from 'vitest';
import { createReplayWindow } from './replay-window.ts';
import { isNewer } from './resource-version.ts';

describe('where a watch resumes', () => {
  it('is nowhere before the first list, and at the list afterwards', () => {
    const window = createReplayWindow();
    expect(window.resumeFrom()).toBeUndefined();
    window.reset('100');
    expect(window.resumeFrom()).toBe('100');
  });

  it('is a few events before the last one, so that one that came late is sent again', () => {
    const window = createReplayWindow();
    window.reset('100');
    for (let version = 101; version <= 116; version += 1) window.passed(String(version));
    expect(window.resumeFrom()).toBe('100');
    window.passed('117');
    expect(window.resumeFrom()).toBe('101');
  });

  it('never goes back for events that came out of order', () => {
    const window = createReplayWindow();
    window.reset('100');
    for (const version of [200, 150, ...Array.from({ length: 16 }, (_, index) => 201 + index)]) window.passed(String(version));
    expect(window.resumeFrom()).toBe('200');
  });

  it('is forgotten with what was deleted when the history is gone', () => {
    const window = createReplayWindow();
    window.reset('100');
    window.deleted('a', '105');
    window.reset(undefined);
    expect([window.resumeFrom(), window.deletedSince('a', '104')]).toEqual([undefined, false]);
  });
});

describe('a deletion', () => {
  it('outlives older events of the object, and gives way to newer ones', () => {
    const window = createReplayWindow();
    window.deleted('a', '105');
    expect([window.deletedSince('a', '104'), window.deletedSince('a', '105'), window.deletedSince('a', '106'), window.deletedSince('b', '104')]).toEqual([true, true, false, false]);
  });

  it('is remembered for the last thousand objects', () => {
    const window = createReplayWindow();
    for (let index = 0; index <= 1_000; index += 1) window.deleted(`o${index}`, '10');
    expect([window.deletedSince('o0', '1'), window.deletedSince('o1', '1'), window.deletedSince('o1000', '1')]).toEqual([false, true, true]);
  });
});

it('orders resource versions as numbers of any length, and takes what cannot be ordered for newer', () => {
  expect([isNewer('10', '9'), isNewer('9', '10'), isNewer('10', '10'), isNewer('18446744073709551616', '18446744073709551615'), isNewer('x', '5')]).toEqual([true, false, false, true, true]);
});
