import type { KubeObject } from '@meshfleet/model';
import type { Origin } from './ownership.ts';

/** What came of one attempt to have an object as it should be. */
export type Outcome = Applied | Drifted | Failed;

export interface Applied {
  readonly kind: 'applied';
  /** Version of the object after our write, or as it was found. */
  readonly resourceVersion: string;
  /** Paths that the API server does not keep as we say them (pruned, rewritten): no drift, now or later. */
  readonly unkept: readonly string[] | undefined;
  readonly origin?: Origin;
  /** Of the object that `origin` speaks of; another one of its name is another object. */
  readonly uid?: string | undefined;
  /** Set when somebody's change was undone. */
  readonly corrected?: { readonly reason: 'FieldsChanged' | 'Deleted'; readonly fields: readonly string[]; readonly manager: string | undefined };
  /** Fields were taken of others, and there was no room to keep what stood in them: it will not be given back. */
  readonly forgets?: boolean;
}

export interface Drifted {
  readonly kind: 'drifted';
  readonly reason: 'FieldsChanged' | 'Deleted' | 'Contested' | 'NotApplied';
  readonly fields: readonly string[];
  readonly manager: string | undefined;
}

export interface Failed {
  readonly kind: 'failed';
  /** CamelCase. */
  readonly reason: string;
  readonly message: string;
  readonly manager?: string;
  readonly fields?: readonly string[];
  /** Likely to pass by itself soon: tried again within seconds. Others are tried again within minutes. */
  readonly transient: boolean;
  readonly retryAfterMs?: number;
  /** What nobody contests was applied all the same: the object is neither as it was nor as it should be. */
  readonly rest?: { readonly object: KubeObject; /** Fields of ours that others had taken were taken back. */ readonly tookBack: boolean };
  /** What had been taken of others was given back: whatever was applied before is not what is there now. */
  readonly gaveUp?: true;
}
