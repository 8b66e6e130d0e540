import type { Admission, Registry } from '../seam.ts';

/** Defaults, prunes and validates objects before they are written, as kube-apiserver does for the kind. */
export function createAdmission(_registry: Registry): Admission {
  return {
    prepare: (_info, object) => ({ object, warnings: [] }),
  };
}
