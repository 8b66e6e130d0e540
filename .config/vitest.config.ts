import { defineConfig } from 'vitest/config';

export default defineConfig({
  root: new URL('..', import.meta.url).pathname,
  // Vite would take graphql's ES modules for our sources while the packages around it load its CommonJS: two graphqls.
  resolve: { alias: [{ find: /^graphql$/, replacement: new URL('../node_modules/graphql/index.js', import.meta.url).pathname }] },
  test: {
    include: ['apps/*/src/**/*.spec.ts', 'libs/*/src/**/*.spec.ts', 'test/e2e/**/*.spec.ts', 'test/chaos/**/*.spec.ts', 'test/browser/**/*.spec.ts', 'test/proof/**/*.spec.ts', 'test/conformance/**/*.spec.ts', 'docs/**/*.spec.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    pool: 'forks',
    maxWorkers: 2,
    // Machines of CI stall for seconds at a time: a test of processes under fire gets a second try there, and only there.
    retry: process.env['CI'] === undefined ? 0 : 1,
  },
});
