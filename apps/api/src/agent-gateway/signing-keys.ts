import { createOrganizationKey, openOrganizationKey } from '@meshfleet/pki';
import type { SignJwk, SigningKey } from '@meshfleet/protocol';
import { insertOrganizationKey, loadOrganizationKeys, uuidv7 } from '@meshfleet/store';
import type { OrganizationKeyRow, Tx } from '@meshfleet/store';
import type { GatewayContext } from './gateway-context.ts';

export interface OrganizationKeys {
  /** Signs desired states. */
  readonly signing: SigningKey;
  /** Everything that agents may have pinned and may still be signed by. */
  readonly trusted: readonly SignJwk[];
}

const KEEP_MS = 60_000;

/** The keys of organizations, opened once a minute at most. */
export class SigningKeys {
  readonly #context: GatewayContext;
  readonly #known = new Map<string, { readonly until: number; readonly keys: Promise<OrganizationKeys> }>();

  constructor(context: GatewayContext) {
    this.#context = context;
  }

  /** @throws MeshfleetError CONFIG_INVALID when custody has another key-encryption key than the one that sealed them */
  of(organizationId: string): Promise<OrganizationKeys> {
    const now = this.#context.clock();
    const known = this.#known.get(organizationId);
    if (known !== undefined && known.until > now) return known.keys;
    const keys = this.#open(organizationId);
    this.#known.set(organizationId, { until: now + KEEP_MS, keys });
    keys.catch(() => this.#known.delete(organizationId));
    return keys;
  }

  async #open(organizationId: string): Promise<OrganizationKeys> {
    const rows = await this.#context.store.transaction(organizationId, (tx) => this.#ensure(tx));
    const signing = await openOrganizationKey(this.#context.custody, organizationId, rows[0]);
    return { signing, trusted: rows.map(({ publicJwk }) => publicJwk) };
  }

  /** The organization's keys; its first is made here when nobody has made it yet. */
  async #ensure(tx: Tx): Promise<readonly [OrganizationKeyRow, ...OrganizationKeyRow[]]> {
    const [current, ...former] = await loadOrganizationKeys(tx);
    if (current !== undefined) return [current, ...former];
    await tx.query('select from organization where id = $1 for no key update', [tx.organizationId]);
    const [meanwhile, ...more] = await loadOrganizationKeys(tx);
    if (meanwhile !== undefined) return [meanwhile, ...more];
    const { organizationId } = tx;
    const { custody, randomBytes, clock } = this.#context;
    const made = await createOrganizationKey(custody, { organizationId, random: randomBytes });
    const createdAt = new Date(clock());
    insertOrganizationKey(tx, { id: uuidv7(createdAt, randomBytes(10)), createdAt, ...made });
    return [{ ...made, active: true }];
  }
}
