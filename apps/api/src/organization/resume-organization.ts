import { enqueue, resumeOrganization as resume } from '@meshfleet/store';
import { z } from 'zod';
import type { UseCase } from '../graphql/mutate.ts';

const input = z.object({});

/** Leaves OBSERVE mode after a restore: agents enforce again. In ENFORCE mode already, it changes nothing. */
export const resumeOrganization: UseCase<typeof input, { resumed: boolean }> = {
  name: 'organizationResume',
  role: 'OWNER',
  input,
  async run({ tx }) {
    const resumed = await resume(tx);
    if (!resumed) return { answer: { resumed } };
    await enqueue(tx, 'organization.resumed', {});
    return { answer: { resumed }, audit: { action: 'organization.resume', target: tx.organizationId } };
  },
};
