import { PARTS, startFlux, toolLimit } from '@meshfleet/cluster-real';
import type { Proof } from '../proof.ts';
import { withShop } from './open-shop.ts';
import { proveBeside } from './prove-beside.ts';

export const besideFlux: Proof = {
  name: 'beside-flux',
  title: `beside ${PARTS.flux.name}: left alone, taken over, ignored by it, handed back`,
  limit: () => toolLimit('flux'),
  run: (report) =>
    withShop(async (cluster, { client }) => {
      const flux = await startFlux(cluster);
      try {
        await proveBeside({
          report,
          cluster,
          client,
          name: 'flux',
          tool: flux,
          content: 'Ready',
          rules: { tool: 'FLUX_KUSTOMIZATION', apply: (rules) => flux.configure(rules), takeAway: () => flux.configure({ spec: { ignore: null } }) },
          withoutRules: 'undoes',
          withdrawal: 'HANDED_BACK',
          afterHandBack: 'waits',
        });
      } finally {
        await flux.stop();
      }
    }),
};
