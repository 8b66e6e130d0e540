// Makes docs/presets/*.md: a page per category, with parameters, notes, example and manifests of every preset.
//   node docs/generate/presets.ts           writes the pages
//   node docs/generate/presets.ts --check   exits 1 when a page is stale
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { istioPresets } from '@meshfleet/istio';
import { linkerdPresets } from '@meshfleet/linkerd';
import { PRESET_CATEGORIES } from '@meshfleet/manifest';
import type { Preset, PresetCategory } from '@meshfleet/manifest';
import { readIstioTasks } from './istio-tasks.ts';
import { flavourName, presetSection, table } from './preset-section.ts';
import { readProofRows, readUnproved } from './proof-rows.ts';

const FOLDER = join(import.meta.dirname, '..', 'presets');
const COMMAND = 'node docs/generate/presets.ts';

const TITLES: Readonly<Record<PresetCategory, string>> = {
  SECURITY: 'Security',
  TRAFFIC: 'Traffic',
  RESILIENCE: 'Resilience',
  GATEWAY: 'Gateways',
  OBSERVABILITY: 'Observability',
  TUNING: 'Tuning',
};

const presets = [...istioPresets, ...linkerdPresets];
const proof = ['proof.json', 'proof-through-product.json'].flatMap((file) => readProofRows(join(FOLDER, file)));
const unproved = readUnproved(join(FOLDER, 'unproved.json'));
const pages = new Map([['README.md', overview()], ['istio-tasks.md', istioTasks()], ...PRESET_CATEGORIES.map((category): [string, string] => [fileOf(category), page(category)])]);
settle(pages);

function overview(): string {
  return [
    '# Presets',
    'A preset is a pure function from a few typed parameters to native manifests. It saves typing and hides nothing: what it writes is kept as the text of the policy, can be read, compared, patched and rolled out like any other, and needs no preset to be understood.',
    'A policy names a preset in place of manifests; `presetRender` shows what it would write, and `presets` lists them with the JSON Schema of their parameters. Examples are YAML here, and JSON over GraphQL:',
    ['```graphql', 'mutation {', '  policyApply(input: {', '    name: "strict-mtls", placement: { clusterSelector: "env=prod" }', '    preset: { name: "strict-mutual-tls", parameters: { target: { scope: "NAMESPACES", namespaces: ["shop"] } } }', '  }) { policy { id } warnings { code message } userErrors { code message field } }', '}', '```'].join('\n'),
    'Any name may hold what differs from cluster to cluster: `shop.${cluster.region}.example.com`, `${cluster.labels.env}`, `${var.domain:-example.com}`.',
    '[Istio’s documented tasks](istio-tasks.md), and which preset does each.',
    `Every example here, and random parameters beside it, is checked against the published schemas on each change, those for Istio and the Gateway API also by \`istioctl analyze\` and by istiod's webhook, both of 1.28 and 1.29, where these can be built. What each preset writes is compared with the pattern that the documentation of its mesh gives for the task, and every difference has its reason (\`test/conformance/presets/documented\`). ${new Set(proof.map(({ preset }) => preset)).size} of ${presets.length} show what real traffic did under them (\`npm run proof -- policy pushed-presets\`), the others why it was not measured.`,
    ...PRESET_CATEGORIES.map((category) => `## ${TITLES[category]}\n\n${table(['Preset', 'For', 'What it does'], of(category).map((preset) => [`[${preset.name}](${fileOf(category)}#${anchorOf(preset)})`, flavourName(preset), firstSentence(preset.description)]))}`),
    `*Made by \`${COMMAND}\`.*`,
  ].join('\n\n').concat('\n');
}

function istioTasks(): string {
  const link = (name: string): string => {
    const preset = presets.find((one) => one.name === name);
    return preset === undefined ? name : `[${name}](${fileOf(preset.category)}#${anchorOf(preset)})`;
  };
  const sections = readIstioTasks().map(({ topic, tasks }) => `## ${topic}\n\n${table(['Task', 'Preset, or why there is none'], tasks.map((one) => [one.task, 'presets' in one ? one.presets.map(link).join(', ') : one.why]))}`);
  return ['# Istio’s tasks and the presets', '[All presets](README.md)', 'The tasks of Istio’s documentation by topic. What has no preset can be pushed as a native manifest all the same, where a policy can say it.', ...sections, `*Made by \`${COMMAND}\`.*`].join('\n\n').concat('\n');
}

function page(category: PresetCategory): string {
  const sections = of(category).map((preset) => presetSection(preset, proof.filter((row) => row.preset === preset.name), unproved.get(preset.name)));
  return [`# ${TITLES[category]} presets`, '[All presets](README.md)', ...sections, `*Made by \`${COMMAND}\`.*`].join('\n\n').concat('\n');
}

function of(category: PresetCategory): Preset[] {
  return presets.filter((preset) => preset.category === category);
}

function fileOf(category: PresetCategory): string {
  return `${category.toLowerCase()}.md`;
}

/** As GitHub makes it of a heading. */
function anchorOf({ title }: Preset): string {
  return title.toLowerCase().replaceAll(/[^\p{L}\p{N} -]/gu, '').replaceAll(' ', '-');
}

function firstSentence(text: string): string {
  return /^[^]*?[.:](?=\s|$)/.exec(text)?.[0].replace(/:$/, '.') ?? text;
}

function settle(files: ReadonlyMap<string, string>): void {
  const left = existsSync(FOLDER) ? readdirSync(FOLDER).filter((name) => name.endsWith('.md') && !files.has(name)) : [];
  const stale = [...files].filter(([name, text]) => !existsSync(join(FOLDER, name)) || readFileSync(join(FOLDER, name), 'utf8') !== text).map(([name]) => name);
  if (process.argv.includes('--check')) {
    if (stale.length + left.length === 0) return;
    process.stderr.write(`Stale: ${[...stale, ...left].map((name) => `docs/presets/${name}`).join(', ')}\nRun: ${COMMAND}\n`);
    process.exit(1);
  }
  mkdirSync(FOLDER, { recursive: true });
  for (const [name, text] of files) writeFileSync(join(FOLDER, name), text);
  for (const name of left) rmSync(join(FOLDER, name));
  process.stdout.write(`docs/presets: ${String(presets.length)} presets on ${String(files.size)} pages, ${String(stale.length + left.length)} changed\n`);
}
