import { formatManifests, presetSchema, renderPreset } from '@meshfleet/manifest';
import type { Preset } from '@meshfleet/manifest';
import { stringify } from 'yaml';
import { parameterRows } from './parameter-rows.ts';
import type { ParameterRow } from './parameter-rows.ts';
import type { ProofRow } from './proof-rows.ts';

const FLAVOURS = { ISTIO: 'Istio', LINKERD: 'Linkerd', GATEWAY_API: 'Gateway API' } as const;

export const flavourName = ({ flavour }: Preset): string => FLAVOURS[flavour];

/** All that there is to say of a preset, as a section of a page in Markdown. */
export function presetSection(preset: Preset, proof: readonly ProofRow[], unproved?: string): string {
  const rendered = renderPreset(preset, preset.example);
  const objects = 'objects' in rendered ? rendered.objects : [];
  return [
    `## ${preset.title}`,
    `\`${preset.name}\` · ${flavourName(preset)}`,
    preset.description,
    preset.notes.map((note) => `- ${note}`).join('\n'),
    '### Parameters',
    table(['Parameter', 'Type', 'Default', 'What it says'], parameterRows(presetSchema(preset)).map(parameterCells)),
    '### Example',
    fence(stringify(preset.example, { lineWidth: 0 })),
    `<details><summary>The manifests that come out (${String(objects.length)})</summary>`,
    fence(formatManifests(objects)),
    '</details>',
    ...(proof.length === 0 ? [] : ['### Seen in real traffic', table(['istiod', 'Sent', 'Expected', 'Seen'], proof.map(({ istiod, sent, expected, seen }) => [istiod, sent, expected, seen]))]),
    ...(unproved === undefined ? [] : ['### Not seen in real traffic', unproved]),
  ].join('\n\n');
}

function parameterCells(row: ParameterRow): string[] {
  return [`\`${row.path}\``, row.type, row.default === undefined ? (row.required ? 'required' : '') : `\`${row.default}\``, row.description];
}

/** A table in Markdown. */
export function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |`;
  return [line(heads), line(heads.map(() => '---')), ...rows.map(line)].join('\n');
}

const fence = (yaml: string): string => `\`\`\`yaml\n${yaml.trimEnd()}\n\`\`\``;
