import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';

/** Header under which a webhook's signature travels: `t=<seconds since 1970>,v1=<hex HMAC-SHA256>`. */
export const WEBHOOK_SIGNATURE_HEADER = 'meshfleet-signature';

/**
 * The key that signs an organization's webhook calls, in base64: derived from the hub's key-encryption key, so that no
 * database holds it. Whoever receives calls checks them with it.
 */
export function webhookKeyOf(keyEncryptionKey: Uint8Array, organizationId: string): string {
  return Buffer.from(hkdfSync('sha256', keyEncryptionKey, organizationId, 'meshfleet/rollout-webhook/v1', 32)).toString('base64');
}

/** Over the time in seconds, a dot, and the body as it is sent. */
export function signWebhook(key: string, body: string, seconds: number): string {
  return `t=${seconds},v1=${createHmac('sha256', Buffer.from(key, 'base64')).update(`${seconds}.${body}`).digest('hex')}`;
}

/** What a receiver does: true for a signature of this body that is at most `toleranceSeconds` old. */
export function verifyWebhook(key: string, body: string, signature: string, nowSeconds: number, toleranceSeconds = 300): boolean {
  const [, seconds, mac] = /^t=(\d{1,12}),v1=([0-9a-f]{64})$/.exec(signature) ?? [];
  if (seconds === undefined || mac === undefined || Math.abs(nowSeconds - Number(seconds)) > toleranceSeconds) return false;
  return timingSafeEqual(Buffer.from(signWebhook(key, body, Number(seconds))), Buffer.from(signature));
}
