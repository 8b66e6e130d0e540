/** A source of unguessable bytes: `randomBytes` of node:crypto. Handed in, so that the core makes no randomness itself. */
export type RandomBytes = (size: number) => Uint8Array;
