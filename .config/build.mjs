// Bundles every app into dist/<app>/main.js. The agent is one file with nothing beside it; the hub's processes keep their
// packages outside, because Nest, Prisma and Mercurius load parts of themselves at run time.
import { build } from 'esbuild';
import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

const root = new URL('..', import.meta.url).pathname;
// Names or folders of apps; none means all of them.
const wanted = process.argv.slice(2).map((name) => basename(name));
const builds = { api: buildApi, reconciler: buildReconciler, agent: buildAgent };
const apps = Object.keys(builds).filter((app) => wanted.length === 0 || wanted.includes(app));

/** What every bundle for Node has in common. */
const node = { bundle: true, platform: 'node', target: 'node22', format: 'esm', logLevel: 'warning', tsconfig: join(root, 'tsconfig.json') };
const banner = { js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);" };
const hub = { ...node, banner, sourcemap: true, plugins: [packagesOutside()], loader: { '.graphql': 'text', '.sql': 'text' } };

for (const app of apps) {
  if (!existsSync(source(app, 'main.ts'))) continue;
  await builds[app]();
}

async function buildApi() {
  const define = { MESHFLEET_SCHEMA: JSON.stringify(readFileSync(join(root, 'apps', 'api', 'schema.graphql'), 'utf8')) };
  await Promise.all([
    build({ ...hub, define, entryPoints: [source('api', 'main.ts')], outfile: output('api', 'main.js') }),
    // The same app as a Lambda handler: it exports `handler`.
    build({ ...hub, define, entryPoints: [source('api', 'lambda.ts')], outfile: output('api', 'lambda.js') }),
    // The thread that does what takes long, beside the bundles that start it.
    build({ ...hub, entryPoints: [source('api', 'thread', 'thread.worker.ts')], outfile: output('api', 'thread.worker.js') }),
    buildGraphiql(),
  ]);
}

async function buildReconciler() {
  await Promise.all([
    build({ ...hub, entryPoints: [source('reconciler', 'main.ts')], outfile: output('reconciler', 'main.js') }),
    build({ ...hub, entryPoints: [source('reconciler', 'thread', 'thread.worker.ts')], outfile: output('reconciler', 'thread.worker.js') }),
  ]);
}

function buildAgent() {
  // CommonJS, where a module of Node's that a package can do without is loaded when it is used: "import 'node:http'" reads every export of it, "WebSocket"
  // among them, and so loads 3 MiB that no agent needs.
  return build({ ...node, format: 'cjs', minify: true, plugins: [withoutLocales()], entryPoints: [source('agent', 'main.ts')], outfile: output('agent', 'main.cjs') });
}

function source(app, ...path) {
  return join(root, 'apps', app, 'src', ...path);
}

function output(app, file) {
  return join(root, 'dist', app, file);
}

/** GraphiQL out of npm with its editor's workers, as files of our own: the page asks no other host for anything. */
async function buildGraphiql() {
  const page = { bundle: true, platform: 'browser', format: 'esm', target: 'es2022', minify: true, logLevel: 'error', legalComments: 'none', tsconfig: join(root, 'tsconfig.json') };
  const outdir = output('api', 'graphiql');
  const env = { 'process.env.NODE_ENV': '"production"', 'process.env': '{}' };
  await build({
    ...page,
    entryPoints: { page: source('api', 'graphiql', 'page', 'page.ts') },
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
