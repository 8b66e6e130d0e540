// Bundles every app into dist/<app>/main.js. The agent is one file with nothing beside it; the hub's processes keep their
// packages outside, because Nest, Prisma and Mercurius load parts of themselves at run time.
import { build } from 'esbuild';
import { existsSync } from 'node:fs';
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
    plugins: selfContained ? [] : [packagesOutside()],
    banner: { js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);" },
  });
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
