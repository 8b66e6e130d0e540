import type { ErrorEnvelope } from '@meshfleet/model';
import { privateHostOf, type RolloutStrategy } from '@meshfleet/planner';

/** Warns of webhooks that reconcilers will not call: their gates would wait for their whole time, and then be red. */
export function privateWebhooks(strategy: RolloutStrategy | undefined, allowedHosts: ReadonlySet<string>): ErrorEnvelope[] {
  if (strategy === undefined) return [];
  const gates = [
    { url: strategy.gates.webhook?.url, path: ['gates'] },
    ...strategy.waves.map((wave, index) => ({ url: wave.gates?.webhook?.url, path: ['waves', String(index), 'gates'] })),
  ];
  return gates.flatMap(({ url, path }) => {
    const host = url === undefined ? undefined : privateHostOf(url);
    if (host === undefined || allowedHosts.has(host)) return [];
    return [
      {
        code: 'WEBHOOK_PRIVATE',
        summary: `The webhook at ${host} is not on the internet`,
        why: 'private, loopback and link-local addresses are not called, so that its gate turns red when its time is over',
        fix: 'Give an address of the internet; or name the host in ROLLOUT_WEBHOOK_PRIVATE_HOSTS of the API and of every reconciler.',
        where: { field: ['input', 'rollout', ...path, 'webhook', 'url'] },
      },
    ];
  });
}
