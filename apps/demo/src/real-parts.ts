import { buildParts, type PartName } from '@meshfleet/cluster-real';
import { MeshfleetError } from '@meshfleet/model';
import type { Progress } from './progress.ts';

const NEEDED: readonly PartName[] = ['kubernetes', 'etcd', 'kwok'];
const SAY_EVERY_MS = 10_000;

/**
 * Builds what real clusters are made of, where it is not built yet.
 * @throws PRECONDITION_FAILED with what this machine lacks.
 */
export async function prepareRealParts(progress: Progress, parts: readonly PartName[] = NEEDED): Promise<void> {
  await progress.step('Building the parts of real clusters (minutes, the first time)', async () => {
    let said = Date.now();
    const { left, failed } = await buildParts(parts, (line) => {
      if (Date.now() - said < SAY_EVERY_MS) return;
      said = Date.now();
      progress.say(`    ${line}`);
    });
    const missing = [...left, ...failed];
    if (missing.length === 0) return;
    throw new MeshfleetError({
      code: 'PRECONDITION_FAILED',
      summary: `Real clusters cannot be built here (${missing.map(({ name }) => name).join(', ')})`,
      why: [...new Set(missing.map(({ why }) => why))].join('; '),
      fix: 'Add what is missing, or leave --real out: simulated clusters need nothing but Node.',
    });
  });
}
