import { badRequest } from '../status-error.ts';

/** Where a list goes on, and at which resource version its pages are one snapshot. */
export interface ContinueToken {
  /** -1: no snapshot is asked for any more; go on with what is there now. */
  readonly resourceVersion: number;
  readonly start: string;
}

/** The same form as Kubernetes', which calls it opaque: base64url of JSON. */
export function encodeContinue(token: ContinueToken): string {
  return Buffer.from(JSON.stringify({ v: 'meta.k8s.io/v1', rv: token.resourceVersion, start: token.start })).toString('base64url');
}

export function decodeContinue(text: string): ContinueToken {
  try {
    const parsed = JSON.parse(Buffer.from(text, 'base64url').toString('utf8')) as { v?: unknown; rv?: unknown; start?: unknown };
    if (parsed.v === 'meta.k8s.io/v1' && typeof parsed.rv === 'number' && typeof parsed.start === 'string') {
      return { resourceVersion: parsed.rv, start: parsed.start };
    }
  } catch {
    // Falls through: whatever is wrong with it, it is no token of ours.
  }
  throw badRequest('continue key is not valid: the token is malformed');
}
