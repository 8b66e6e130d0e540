/**
 * Who holds the key-encryption key. The hub's database has only what this port has sealed: a dump of it, without the
 * port, opens nothing. Implementations: {@link createLocalCustody}; cloud KMS and Vault fit behind the same three calls.
 */
export interface Custody {
  /** Names the key that seals now; safe to log. */
  readonly keyId: string;
  /**
   * @param context what the secret is and whose, such as `organization-key/<organization>/<kid>`: an envelope opens only
   * under the context that it was sealed under, so that rows cannot be swapped
   */
  seal(secret: Uint8Array, context: string): Promise<Uint8Array>;
  /**
   * @throws MeshfleetError CONFIG_INVALID when it was sealed by a key that is not here; STATE_CORRUPT when it was changed
   */
  open(envelope: Uint8Array, context: string): Promise<Uint8Array>;
  /** The same secret under the key that seals now; undefined when it already is. The secret itself stays where it is. */
  rewrap(envelope: Uint8Array, context: string): Promise<Uint8Array | undefined>;
}
