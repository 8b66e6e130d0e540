import { Module, type DynamicModule } from '@nestjs/common';
import { GraphQLModule } from '@nestjs/graphql';
import { MercuriusDriver, type MercuriusDriverConfig } from '@nestjs/mercurius';
import type { Custody } from '@meshfleet/pki';
import type { Store } from '@meshfleet/store';
import { createMetrics, type Logger } from '@meshfleet/telemetry';
import { TaskAnswers } from './agent-task/task-answers.ts';
import { AgentGatewayModule } from './agent-gateway/agent-gateway.module.ts';
import { ApiTokenResolver } from './api-token/api-token.resolver.ts';
import { Admission } from './auth/admission.ts';
import { Authenticator } from './auth/authenticator.ts';
import { ChangeFeed } from './changes/change-feed.ts';
import { ChangesResolver } from './changes/changes.resolver.ts';
import { ClusterResolver } from './cluster/cluster.resolver.ts';
import { ObjectConditionResolver } from './cluster/condition.resolver.ts';
import type { ApiConfig } from './config/parse-config.ts';
import { DesiredObjectResolver, DesiredStateResolver } from './desired-state/desired-state.resolver.ts';
import { ObjectShareResolver } from './desired-state/object-share.resolver.ts';
import { FreezeResolver } from './freeze/freeze.resolver.ts';
import { GraphiqlController } from './graphiql/graphiql.controller.ts';
import { mercuriusOptions } from './graphql/mercurius-options.ts';
import { HealthController } from './health/health.controller.ts';
import { Readiness } from './health/readiness.ts';
import { SigninController } from './auth/signin.controller.ts';
import { JoinTokenResolver } from './join-token/join-token.resolver.ts';
import { Budget } from './limits/budget.ts';
import { NodeResolver } from './node/node.resolver.ts';
import { OrganizationResolver } from './organization/organization.resolver.ts';
import { PolicyClusterResolver, ClusterPolicyResolver } from './policy/policy-cluster.resolver.ts';
import { PolicyCheckPayloadResolver } from './policy/policy-check.resolver.ts';
import { ObjectChangeResolver, ObjectClaimResolver, ObjectInspectionResolver } from './object-inspection/object-inspection.resolver.ts';
import { PolicyApplyPayloadResolver, PolicyDeletePayloadResolver, PolicyResolver, PolicyVersionResolver } from './policy/policy.resolver.ts';
import { PolicyPreviewClusterResolver, PolicyPreviewConflictResolver, PolicyPreviewResolver, RemovedObjectResolver } from './policy-preview/policy-preview.resolver.ts';
import { PresetResolver } from './preset/preset.resolver.ts';
import { OrganizationFinder } from './request/organization-finder.ts';
import { RolloutClusterResolver, RolloutResolver, RolloutWaveResolver } from './rollout/rollout.resolver.ts';
import { CONFIG, CUSTODY, LOGGER, METRICS, STORE } from './tokens.ts';
import { ViewerResolver } from './viewer/viewer.resolver.ts';

/** What the API is made of and does not make itself. */
export interface ApiParts {
  readonly config: ApiConfig;
  readonly store: Store;
  readonly custody: Custody;
  readonly logger: Logger;
}

const RESOLVERS = [
  ApiTokenResolver,
  ChangesResolver,
  ClusterPolicyResolver,
  ClusterResolver,
  DesiredObjectResolver,
  ObjectShareResolver,
  DesiredStateResolver,
  FreezeResolver,
  JoinTokenResolver,
  NodeResolver,
  ObjectChangeResolver,
  ObjectClaimResolver,
  ObjectConditionResolver,
  ObjectInspectionResolver,
  OrganizationResolver,
  PolicyApplyPayloadResolver,
  PolicyClusterResolver,
  PolicyDeletePayloadResolver,
  PolicyPreviewClusterResolver,
  PolicyPreviewConflictResolver,
  RemovedObjectResolver,
  PolicyPreviewResolver,
  PolicyCheckPayloadResolver,
  PolicyResolver,
  PolicyVersionResolver,
  RolloutClusterResolver,
  RolloutResolver,
  RolloutWaveResolver,
  PresetResolver,
  ViewerResolver,
];

/** Parts that every module may ask for. */
@Module({})
class PartsModule {
  static with({ config, store, custody, logger }: ApiParts): DynamicModule {
    const finder = new OrganizationFinder(store);
    const authenticator = new Authenticator(store, config.oidc);
    const given = [
      { provide: CONFIG, useValue: config },
      { provide: STORE, useValue: store },
      { provide: CUSTODY, useValue: custody },
      { provide: LOGGER, useValue: logger },
      { provide: METRICS, useValue: createMetrics('api') },
      { provide: OrganizationFinder, useValue: finder },
      { provide: Authenticator, useValue: authenticator },
      { provide: Admission, useValue: new Admission(authenticator, { store, finder, log: logger, webhookHosts: config.webhookHosts }, config.publicUrl) },
      { provide: Budget, useValue: new Budget(config.budgetPerMinute) },
      Readiness,
      ChangeFeed,
      TaskAnswers,
    ];
    return { module: PartsModule, global: true, providers: given, exports: given };
  }
}

@Module({})
export class AppModule {
  static with(parts: ApiParts): DynamicModule {
    return {
      module: AppModule,
      imports: [
        PartsModule.with(parts),
        AgentGatewayModule,
        GraphQLModule.forRootAsync<MercuriusDriverConfig>({
          driver: MercuriusDriver,
          inject: [Admission, Budget, LOGGER],
          useFactory: (admission: Admission, budget: Budget, log: Logger) => mercuriusOptions({ admission, budget, log }),
        }),
      ],
      controllers: [GraphiqlController, HealthController, SigninController],
      providers: RESOLVERS,
    };
  }
}
