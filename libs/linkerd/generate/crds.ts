// Makes libs/linkerd/src/generated/linkerd.json, the facts of Linkerd's kinds, out of linkerd.json beside this script.
//   node libs/linkerd/generate/crds.ts           writes the file
//   node libs/linkerd/generate/crds.ts --check   exits 1 when the file is stale
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { encodeFacts, readSourceFacts } from '@meshfleet/manifest';

const here = dirname(fileURLToPath(import.meta.url));
const target = join(here, '..', 'src', 'generated', 'linkerd.json');
const { source, kinds } = readSourceFacts(readFileSync(join(here, 'linkerd.json'), 'utf8'));
const text = encodeFacts(source, kinds);

if (!process.argv.includes('--check')) writeFileSync(target, text);
else if (!existsSync(target) || readFileSync(target, 'utf8') !== text) {
  process.stderr.write('Stale: libs/linkerd/src/generated/linkerd.json\nRun: node libs/linkerd/generate/crds.ts\n');
  process.exit(1);
}
