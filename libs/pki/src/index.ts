export type { Custody } from './custody.ts';
export { createLocalCustody } from './local-custody.ts';
export type { LocalCustodyOptions } from './local-custody.ts';
export { contextOf, createOrganizationKey, openOrganizationKey } from './organization-key.ts';
export type { StoredOrganizationKey } from './organization-key.ts';
export type { RandomBytes } from './random-bytes.ts';
export { openSealed, sealedEnvelopeSchema, sealTo } from './sealed-envelope.ts';
export type { SealedEnvelope } from './sealed-envelope.ts';
export { WEBHOOK_SIGNATURE_HEADER, signWebhook, verifyWebhook, webhookKeyOf } from './webhook-signature.ts';
