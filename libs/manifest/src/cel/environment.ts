import { Environment } from '@marcbachmann/cel-js';
import { registerMacros } from './register-macros.ts';
import { registerNetwork } from './register-network.ts';
import { registerText } from './register-text.ts';
import { registerCollections } from './register-collections.ts';
import { registerQuantity } from './register-quantity.ts';

/**
 * The CEL environment of `x-kubernetes-validations`: the standard library with Kubernetes' additions
 * (k8s.io/apiserver/pkg/cel/library). `self` and `oldSelf` are dynamic; the schema has shaped their values already.
 */
export function createCelEnvironment(): Environment {
  const environment = new Environment({
    enableOptionalTypes: true,
    homogeneousAggregateLiterals: false,
    limits: { maxAstNodes: 200_000, maxDepth: 500, maxListElements: 10_000, maxMapEntries: 10_000 },
  });
  environment.registerVariable('self', 'dyn');
  environment.registerVariable('oldSelf', 'dyn');
  registerMacros(environment);
  registerText(environment);
  registerCollections(environment);
  registerNetwork(environment);
  registerQuantity(environment);
  return environment;
}
