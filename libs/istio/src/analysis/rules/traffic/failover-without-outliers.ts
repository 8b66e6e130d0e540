import { defineRule } from '../../engine/rule.ts';
import { KIND } from '../../input/kinds.ts';
import { at, record } from '../../read-value.ts';
import { destinationRuleOf } from '../../views/destination-rule.ts';

/** DestinationRules that ask for failover, and give Istio no way to notice a failure. */
export const failoverWithoutOutliers = defineRule({
  code: 'MF0001',
  name: 'FailoverWithoutOutlierDetection',
  severity: 'WARNING',
  title: 'Failover never happens',
  why: 'Envoy moves traffic to another locality when endpoints of the first are unhealthy, and only outlier detection tells it that they are. Without it failover silently does nothing.',
  fix: 'Add outlierDetection to the same trafficPolicy, for example {consecutive5xxErrors: 5, interval: 10s, baseEjectionTime: 30s}.',
  example: `
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: cart, namespace: shop}
spec:
  host: cart
  trafficPolicy: {loadBalancer: {simple: ROUND_ROBIN, localityLbSetting: {enabled: true, failover: [{from: eu, to: us}]}}}
`,
  on: [KIND.DestinationRule],
  reads: {},
  *evaluate(subject) {
    const { host, policies } = destinationRuleOf(subject);
    const ofRule = policies.find(({ level }) => level === 'rule')?.body;
    for (const { path, level, body } of policies) {
      const setting = record(at(body, 'loadBalancer', 'localityLbSetting'));
      if (setting === undefined || setting['enabled'] === false || (setting['failover'] === undefined && setting['failoverPriority'] === undefined)) continue;
      // A subset takes over from its rule what it does not set itself; a port does not.
      const detects = body['outlierDetection'] !== undefined || (level === 'subset' && ofRule?.['outlierDetection'] !== undefined);
      if (!detects) yield { path: `${path}.loadBalancer.localityLbSetting`, message: `${host} is to fail over to another locality, but has no outlierDetection` };
    }
  },
});
