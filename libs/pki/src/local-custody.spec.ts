import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createLocalCustody } from './local-custody.ts';
import { createOrganizationKey, openOrganizationKey } from './organization-key.ts';

const key = randomBytes(32);
const nextKey = randomBytes(32);
const custody = createLocalCustody({ key, random: randomBytes });
const secret = Buffer.from('the private key of an organization');

describe('local custody', () => {
  it('opens what it sealed, under the same context alone', async () => {
    const envelope = await custody.seal(secret, 'row 1');
    expect(Buffer.from(await custody.open(envelope, 'row 1'))).toEqual(secret);
    await expect(custody.open(envelope, 'row 2')).rejects.toMatchObject({ code: 'STATE_CORRUPT' });
  });

  it('leaves nothing of the secret or of its keys in the envelope, and never seals twice alike', async () => {
    const [one, two] = [await custody.seal(secret, 'row'), await custody.seal(secret, 'row')];
    expect(Buffer.from(one).includes(secret.subarray(0, 8))).toBe(false);
    expect(Buffer.from(one).includes(key.subarray(0, 8))).toBe(false);
    expect(one).not.toEqual(two);
  });

  it('notices every changed byte and every cut', async () => {
    const envelope = await custody.seal(secret, 'row');
    for (let at = 0; at < envelope.length; at += 1) {
      const changed = Uint8Array.from(envelope, (byte, index) => (index === at ? byte ^ 1 : byte));
      await expect(custody.open(changed, 'row')).rejects.toMatchObject({ code: expect.stringMatching(/STATE_CORRUPT|CONFIG_INVALID/) as string });
      await expect(custody.open(envelope.subarray(0, at), 'row')).rejects.toMatchObject({ code: expect.stringMatching(/STATE_CORRUPT|CONFIG_INVALID/) as string });
    }
  });

  it('with the wrong key says which key is needed and where to set it', async () => {
    const envelope = await custody.seal(secret, 'row');
    const wrong = createLocalCustody({ key: nextKey, random: randomBytes });
    await expect(wrong.open(envelope, 'row')).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      why: `it needs the key ${custody.keyId}; this process has ${wrong.keyId}`,
      fix: expect.stringContaining('MESHFLEET_KEY') as string,
    });
  });

  it('changes its key: former keys open, rewrapped envelopes need them no longer', async () => {
    const envelope = await custody.seal(secret, 'row');
    const changing = createLocalCustody({ key: nextKey, formerKeys: [key], random: randomBytes });
    expect(Buffer.from(await changing.open(envelope, 'row'))).toEqual(secret);
    const rewrapped = await changing.rewrap(envelope, 'row');
    expect(await changing.rewrap(rewrapped ?? envelope, 'row')).toBeUndefined();
    const changed = createLocalCustody({ key: nextKey, random: randomBytes });
    expect(Buffer.from(await changed.open(rewrapped ?? envelope, 'row'))).toEqual(secret);
    await expect(custody.open(rewrapped ?? envelope, 'row')).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  });

  it('refuses a key that is not 32 bytes', () => {
    expect(() => createLocalCustody({ key: randomBytes(16), random: randomBytes })).toThrow(/16 bytes and not 32/);
  });
});

describe("an organization's key", () => {
  it('signs after it was stored, and opens for its own organization alone', async () => {
    const stored = await createOrganizationKey(custody, { organizationId: 'org-1', random: randomBytes });
    const opened = await openOrganizationKey(custody, 'org-1', stored);
    expect(opened.kid).toBe(stored.kid);
    expect(opened.privateKey.asymmetricKeyType).toBe('ed25519');
    await expect(openOrganizationKey(custody, 'org-2', stored)).rejects.toMatchObject({ code: 'STATE_CORRUPT' });
  });
});
