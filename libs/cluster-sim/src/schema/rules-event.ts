import { textAt } from '../kinds/field.ts';
import type { KindRules } from './kind-rules.ts';

/** Core events: an event lies where its object lies. Events about what has no namespace lie in `default`. */
export const eventRules: KindRules = {
  validate(object, errors) {
    const about = textAt(object, 'involvedObject', 'namespace') ?? '';
    const own = object.metadata.namespace ?? '';
    if (about === '' ? own !== 'default' && own !== 'kube-system' : about !== own) errors.invalid('involvedObject.namespace', about, 'does not match event.namespace');
  },
};
