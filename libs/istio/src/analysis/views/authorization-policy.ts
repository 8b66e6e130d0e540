import { at, list, stringMap, text } from '../read-value.ts';
import { viewOf } from './view-of.ts';

export interface AuthorizationPolicyView {
  readonly action: string;
  readonly selector: Readonly<Record<string, string>>;
  /** It hangs on waypoints, gateways or services instead of selecting pods. */
  readonly targeted: boolean;
  readonly rules: readonly unknown[];
  readonly dryRun: boolean;
}

export const authorizationPolicyOf = viewOf(({ spec, annotations }): AuthorizationPolicyView => ({
  action: text(at(spec, 'action')) ?? 'ALLOW',
  selector: stringMap(at(spec, 'selector', 'matchLabels')),
  targeted: list(at(spec, 'targetRefs')).length > 0 || at(spec, 'targetRef') !== undefined,
  rules: list(at(spec, 'rules')),
  dryRun: annotations['istio.io/dry-run'] === 'true',
}));
