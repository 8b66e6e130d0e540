import { describe, expect, it } from 'vitest';
import { signWebhook, verifyWebhook, webhookKeyOf } from './webhook-signature.ts';

const hub = Buffer.alloc(32, 7);
const key = webhookKeyOf(hub, 'organization-1');

describe('the signature of a webhook call', () => {
  it('is true of its body, its time and its organization alone', () => {
    const signature = signWebhook(key, '{"a":1}', 1000);
    expect(verifyWebhook(key, '{"a":1}', signature, 1200)).toBe(true);
    expect(verifyWebhook(key, '{"a":2}', signature, 1200)).toBe(false);
    expect(verifyWebhook(key, '{"a":1}', signature, 1301)).toBe(false);
    expect(verifyWebhook(key, '{"a":1}', signature.replace('t=1000', 't=1100'), 1200)).toBe(false);
    expect(verifyWebhook(webhookKeyOf(hub, 'organization-2'), '{"a":1}', signature, 1200)).toBe(false);
    expect(verifyWebhook(key, '{"a":1}', 'nonsense', 1200)).toBe(false);
  });
});
