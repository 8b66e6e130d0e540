import type { KubeObject } from '@meshfleet/model';
import { at } from '../kinds/field.ts';
import type { FieldErrors } from './field-errors.ts';
import type { KindRules } from './kind-rules.ts';

/** Leases elect leaders and keep nodes alive; the agent renews one of its own. */
export const leaseRules: KindRules = {
  validate(object: KubeObject, errors: FieldErrors) {
    const duration = at(object, 'spec', 'leaseDurationSeconds');
    if (typeof duration === 'number' && duration <= 0) errors.invalid('spec.leaseDurationSeconds', duration, 'must be greater than 0');
    const transitions = at(object, 'spec', 'leaseTransitions');
    if (typeof transitions === 'number' && transitions < 0) errors.invalid('spec.leaseTransitions', transitions, 'must be greater than or equal to 0');
    if (at(object, 'spec', 'strategy') === undefined && at(object, 'spec', 'preferredHolder') !== undefined) errors.forbidden('spec.preferredHolder', 'may only be specified if `strategy` is defined');
  },
};
