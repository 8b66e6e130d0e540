import { expect, it } from 'vitest';
import { remember } from './remember.ts';

it('asks once for all who ask within the time, again after it, and again after a failure', async () => {
  let now = 0;
  const asked: string[] = [];
  const find = remember((key) => {
    asked.push(key);
    return key === 'bad' ? Promise.reject(new Error('no')) : Promise.resolve(asked.length);
  }, 100, () => now);
  expect(await Promise.all([find('a'), find('a'), find('b')])).toEqual([1, 1, 2]);
  now = 99;
  expect(await find('a')).toBe(1);
  now = 100;
  expect(await find('a')).toBe(3);
  await expect(find('bad')).rejects.toThrow('no');
  await expect(find('bad')).rejects.toThrow('no');
  expect(asked).toEqual(['a', 'b', 'a', 'bad', 'bad']);
});
