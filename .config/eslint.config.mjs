import nx from '@nx/eslint-plugin';
import tseslint from 'typescript-eslint';

const layer = (tag, allowed) => ({ sourceTag: `layer:${tag}`, onlyDependOnLibsWithTags: allowed.map((l) => `layer:${l}`) });

export default tseslint.config(
  { ignores: ['**/dist/**', '**/generated/**', '**/node_modules/**', '.nx/**', '**/*.mjs'] },
  {
    files: ['**/*.ts', '**/*.tsx'],
    languageOptions: {
      parser: tseslint.parser,
      parserOptions: { project: './tsconfig.json', tsconfigRootDir: new URL('..', import.meta.url).pathname },
    },
    plugins: { '@typescript-eslint': tseslint.plugin, '@nx': nx },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: { arguments: false } }],
      '@typescript-eslint/await-thenable': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@nx/enforce-module-boundaries': [
        'error',
        {
          allow: [],
          depConstraints: [
            layer('app', ['adapter', 'core', 'model']),
            layer('adapter', ['adapter', 'core', 'model']),
            layer('core', ['core', 'model']),
            layer('model', []),
          ],
        },
      ],
    },
  },
  {
    // Reading is the apps', out of the store: what works in a thread is handed what was read.
    files: ['libs/jobs/src/thread/**/*.ts'],
    rules: { 'no-restricted-imports': ['error', { paths: [{ name: '@meshfleet/store', message: 'Take what was read as an argument, and let the app read it.' }] }] },
  },
);
