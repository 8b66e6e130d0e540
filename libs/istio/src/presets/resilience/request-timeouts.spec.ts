import { expect, it } from 'vitest';
import { refused, written } from '../preset-answers.fixture.ts';
import { requestTimeouts } from './request-timeouts.ts';

const base = { namespace: 'shop', host: 'reports', timeout: '3s' };

it('lets the longest path decide, by whole segments', () => {
  expect(written(requestTimeouts, { ...base, paths: [{ prefix: '/a/', timeout: '1s' }, { prefix: '/a/b', timeout: '9s' }] })).toMatchObject([
    {
      spec: {
        http: [
          { name: 'path-1', match: [{ uri: { exact: '/a/b' } }, { uri: { prefix: '/a/b/' } }], timeout: '9s' },
          { name: 'path-2', match: [{ uri: { exact: '/a' } }, { uri: { prefix: '/a/' } }], timeout: '1s' },
          { name: 'default', timeout: '3s' },
        ],
      },
    },
  ]);
});

it('refuses a path that stands twice, and a timeout of nothing', () => {
  expect(refused(requestTimeouts, { ...base, paths: [{ prefix: '/a', timeout: '1s' }, { prefix: '/a/', timeout: '2s' }] })).toEqual(['paths.1.prefix: /a/ stands twice']);
  expect(refused(requestTimeouts, { ...base, timeout: '0s' })).toEqual(['timeout: Must be at least 1ms']);
});
