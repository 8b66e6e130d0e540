import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

/**
 * Machines of CI stall for seconds at a time: a test of processes under fire gets a second try there, and only there. One that
 * would find what its first try has left behind, or looks for a broken promise at random, says `retry: 0`.
 */
const SECOND_TRY = process.env['CI'] === undefined ? 0 : 1;

export default defineConfig({
  root: new URL('..', import.meta.url).pathname,
  // Vite would take graphql's ES modules for our sources while the packages around it load its CommonJS: two graphqls.
  resolve: { alias: [{ find: /^graphql$/, replacement: new URL('../node_modules/graphql/index.js', import.meta.url).pathname }] },
  test: {
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // Many tests start processes and threads that load the same sources and packages.
    env: { NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'] ?? join(tmpdir(), 'node-compile-cache') },
    projects: [
      {
        extends: true,
        test: { name: 'processes', include: ['test/e2e/**/*.spec.ts', 'test/chaos/**/*.spec.ts', 'test/browser/**/*.spec.ts'], retry: SECOND_TRY },
      },
      // Files that run one after another in a worker share what they load and start: that costs more than most of them take.
      { extends: true, test: { name: 'conformance', include: ['test/conformance/**/*.spec.ts'], isolate: false } },
      { extends: true, test: { name: 'sources', include: ['apps/*/src/**/*.spec.ts', 'libs/*/src/**/*.spec.ts', 'test/proof/**/*.spec.ts', 'docs/**/*.spec.ts'], isolate: false } },
    ],
  },
});
