// Bundles every app into dist/<app>/main.js. The agent is one file with nothing beside it; the hub's processes keep their
// packages outside, because Nest, Prisma and Mercurius load parts of themselves at run time.
import { build } from 'esbuild';
import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

const root = new URL('..', import.meta.url).pathname;
// Names or folders of apps; none means all of them.
const wanted = process.argv.slice(2).map((name) => basename(name));
const apps = ['api', 'reconciler', 'agent'].filter((app) => wanted.length === 0 || wanted.includes(app));

for (const app of apps) {
  const entry = join(root, 'apps', app, 'src', 'main.ts');
  if (!existsSync(entry)) continue;
  const selfContained = app === 'agent';
  await build({
    entryPoints: [entry],
    outfile: join(root, 'dist', app, 'main.js'),
    bundle: true,
    platform: 'node',
    target: 'node22',
    format: 'esm',
    sourcemap: !selfContained,
    minify: selfContained,
    logLevel: 'warning',
    tsconfig: join(root, 'tsconfig.json'),
    loader: { '.graphql': 'text', '.sql': 'text' },
    define: app === 'api' ? { MESHFLEET_SCHEMA: JSON.stringify(readFileSync(join(root, 'apps', 'api', 'schema.graphql'), 'utf8')) } : {},
    plugins: [selfContained ? withoutLocales() : packagesOutside()],
    banner: { js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);" },
  });
  if (app === 'api') await Promise.all([buildLambda(), buildManifestWorker(), buildGraphiql()]);
}

/** The same app as a Lambda handler: dist/api/lambda.js exports `handler`. */
async function buildLambda() {
  await build({
    entryPoints: [join(root, 'apps', 'api', 'src', 'lambda.ts')],
    outfile: join(root, 'dist', 'api', 'lambda.js'),
    bundle: true,
    platform: 'node',
    target: 'node22',
    format: 'esm',
    sourcemap: true,
    logLevel: 'warning',
    tsconfig: join(root, 'tsconfig.json'),
    plugins: [packagesOutside()],
    define: { MESHFLEET_SCHEMA: JSON.stringify(readFileSync(join(root, 'apps', 'api', 'schema.graphql'), 'utf8')) },
    banner: { js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);" },
  });
}

/** The thread that reads large manifests, beside the bundles that start it. */
async function buildManifestWorker() {
  await build({
    entryPoints: [join(root, 'apps', 'api', 'src', 'policy', 'read-manifests.worker.ts')],
    outfile: join(root, 'dist', 'api', 'read-manifests.worker.js'),
    bundle: true,
    platform: 'node',
    target: 'node22',
    format: 'esm',
    sourcemap: true,
    logLevel: 'warning',
    tsconfig: join(root, 'tsconfig.json'),
    plugins: [packagesOutside()],
  });
}

/** GraphiQL out of npm with its editor's workers, as files of our own: the page asks no other host for anything. */
async function buildGraphiql() {
  const page = { bundle: true, platform: 'browser', format: 'esm', target: 'es2022', minify: true, logLevel: 'error', legalComments: 'none', tsconfig: join(root, 'tsconfig.json') };
  const outdir = join(root, 'dist', 'api', 'graphiql');
  const env = { 'process.env.NODE_ENV': '"production"', 'process.env': '{}' };
  await build({
    ...page,
    entryPoints: { page: join(root, 'apps', 'api', 'src', 'graphiql', 'page', 'page.ts') },
    outdir,
    splitting: true,
    chunkNames: 'chunk-[hash]',
    assetNames: '[name]-[hash]',
    loader: { '.ttf': 'file', '.woff': 'file', '.woff2': 'file', '.svg': 'file' },
    define: env,
  });
  await build({
    ...page,
    entryPoints: {
      'editor.worker': 'monaco-editor/esm/vs/editor/editor.worker.js',
      'json.worker': 'monaco-editor/esm/vs/language/json/json.worker.js',
      'graphql.worker': 'monaco-graphql/esm/graphql.worker.js',
    },
    outdir,
    define: env,
  });
}

/** zod carries its messages in fifty languages; the agent speaks the one that zod sets up by itself. */
function withoutLocales() {
  return {
    name: 'without-locales',
    setup(b) {
      b.onResolve({ filter: /\/locales\/index\.js$/ }, ({ importer }) => (importer.includes('/zod/') ? { path: 'locales', namespace: 'empty' } : undefined));
      b.onLoad({ filter: /.*/, namespace: 'empty' }, () => ({ contents: 'export {};' }));
    },
  };
}

function packagesOutside() {
  return {
    name: 'packages-outside',
    setup(b) {
      b.onResolve({ filter: /^[^./]/ }, (args) =>
        args.kind === 'entry-point' || args.path.startsWith('@meshfleet/') ? undefined : { path: args.path, external: true },
      );
    },
  };
}
