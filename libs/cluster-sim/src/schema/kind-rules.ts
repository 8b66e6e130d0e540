import type { KubeObject } from '@meshfleet/model';
import type { AdmissionContext, Registry, ResourceInfo } from '../seam.ts';
import type { FieldErrors } from './field-errors.ts';
import type { Mutable } from './mutable.ts';

/** What a rule may look at beside the object itself. */
export interface RuleContext {
  readonly registry: Registry;
  readonly admission: AdmissionContext;
  readonly info: ResourceInfo;
  readonly operation: 'create' | 'update';
  readonly warnings: string[];
}

/** What Kubernetes does to one kind before it is stored, beyond what its schema says. Every part is optional. */
export interface KindRules {
  /** Static defaults; the tree is fresh and is filled in place. Runs on create and on update. */
  defaults?(object: Mutable): void;
  /** What strategies and admission plugins set once the defaults are there: cluster IPs, tolerations, finalizers. */
  prepare?(object: Mutable, old: KubeObject | undefined, context: RuleContext): void;
  validate?(object: KubeObject, errors: FieldErrors, context: RuleContext): void;
  /** What is written to /status. */
  validateStatus?(object: KubeObject, errors: FieldErrors): void;
  validateUpdate?(object: KubeObject, old: KubeObject, errors: FieldErrors, context: RuleContext): void;
}
