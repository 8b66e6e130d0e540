import type { ErrorEnvelope } from '@meshfleet/model';
import type { Change } from '../graphql/mutate.ts';
import { emptyWaves } from './empty-waves.ts';
import { privateWebhooks } from './private-webhooks.ts';
import type { StagedChange } from './stage-change.ts';

/** What works in a rollout that is asked for, and should be looked at. */
export async function warningsOfRollout({ tx, webhookHosts }: Pick<Change, 'tx' | 'webhookHosts'>, stage: Pick<StagedChange, 'rollout' | 'placement' | 'policy' | 'policyName'>): Promise<ErrorEnvelope[]> {
  return [...(await emptyWaves(tx, stage)), ...privateWebhooks(stage.rollout, webhookHosts)];
}
