import { at, listAt, textAt } from '../kinds/field.ts';
import type { KindRules } from './kind-rules.ts';
import { child, items, setDefault } from './mutable.ts';

export const networkPolicyRules: KindRules = {
  defaults(object) {
    const spec = child(object, 'spec');
    const egress = Array.isArray(spec['egress']) && spec['egress'].length > 0;
    setDefault(spec, 'podSelector', {});
    setDefault(spec, 'policyTypes', egress ? ['Ingress', 'Egress'] : ['Ingress']);
    for (const rule of [...items(spec, 'ingress'), ...items(spec, 'egress')]) for (const port of items(rule, 'ports')) setDefault(port, 'protocol', 'TCP');
  },
};

export const ingressRules: KindRules = {
  defaults: (object) => setDefault(object, 'status', { loadBalancer: {} }),
  validate(object, errors) {
    const rules = listAt(object, 'spec', 'rules');
    if (rules.length === 0 && at(object, 'spec', 'defaultBackend') === undefined) errors.invalid('spec', object['spec'], 'either `defaultBackend` or `rules` must be specified');
    rules.forEach((rule, index) =>
      listAt(rule, 'http', 'paths').forEach((path, position) => errors.supported(`spec.rules[${index}].http.paths[${position}].pathType`, path['pathType'], ['Exact', 'ImplementationSpecific', 'Prefix'])),
    );
  },
};

export const horizontalPodAutoscalerRules: KindRules = {
  defaults(object) {
    const spec = child(object, 'spec');
    setDefault(spec, 'minReplicas', 1);
    setDefault(spec, 'metrics', [{ type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 80 } } }]);
    setDefault(object, 'status', { desiredReplicas: 0 });
  },
  validate(object, errors) {
    const most = at(object, 'spec', 'maxReplicas');
    const least = at(object, 'spec', 'minReplicas');
    if (typeof most !== 'number' || most < 1) errors.invalid('spec.maxReplicas', most ?? 0, 'must be greater than 0');
    else if (typeof least === 'number' && most < least) errors.invalid('spec.maxReplicas', most, 'must be greater than or equal to `minReplicas`');
    for (const field of ['kind', 'name']) if ((textAt(object, 'spec', 'scaleTargetRef', field) ?? '') === '') errors.required(`spec.scaleTargetRef.${field}`);
  },
};

export const disruptionBudgetRules: KindRules = {
  defaults: (object) => setDefault(object, 'status', { currentHealthy: 0, desiredHealthy: 0, disruptionsAllowed: 0, expectedPods: 0 }),
  validate(object, errors) {
    if (at(object, 'spec', 'minAvailable') !== undefined && at(object, 'spec', 'maxUnavailable') !== undefined)
      errors.invalid('spec', object['spec'], 'minAvailable and maxUnavailable cannot be both set');
  },
};
