import type { HubConnection, Signer } from '../hub/hub-connection.ts';
import type { Identity } from './identity.ts';
import type { IdentityStore } from './identity-store.ts';
import { keysAreDue, rotateKeys, signerOf } from './rotate-keys.ts';

/** Who this cluster is, once it is enrolled: signs, and changes by one save after the other, for each replaces the whole. */
export interface EnrolledIdentity {
  signer(): Signer | undefined;
  change(update: (current: Identity) => Identity): Promise<void>;
  /** A replacement of the keys was begun, and the hub has not said yes. */
  readonly keysUnsettled: boolean;
  /** Replaces the keys when they are due; says whether it did. */
  rotateWhenDue(hub: HubConnection, lifeDays: number): Promise<boolean>;
  /** Resolves when nothing is being saved. */
  saved(): Promise<unknown>;
}

export function createEnrolledIdentity(store: IdentityStore, identity: Identity): EnrolledIdentity {
  let saving: Promise<unknown> = Promise.resolve();
  let signed: { of: string; signer: Signer | undefined } | undefined;
  const exclusively = <T>(work: () => Promise<T>): Promise<T> => {
    const next = saving.then(work, work);
    saving = next.catch(() => undefined);
    return next;
  };
  return {
    signer() {
      const current = store.current ?? identity;
      if (signed?.of !== current.keys.signKeyPem) signed = { of: current.keys.signKeyPem, signer: signerOf(current) };
      return signed.signer;
    },
    change: (update) => exclusively(() => store.save(update(store.current ?? identity))),
    get keysUnsettled() {
      return store.current?.nextKeys !== undefined;
    },
    async rotateWhenDue(hub, lifeDays) {
      const current = store.current;
      if (current === undefined || !keysAreDue(current, hub.hubSeconds() * 1000, lifeDays)) return false;
      await exclusively(() => rotateKeys(store, hub, hub.hubSeconds() * 1000));
      return true;
    },
    saved: () => saving,
  };
}
