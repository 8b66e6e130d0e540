import { randomBytes } from 'node:crypto';
import { Inject, Injectable, Module } from '@nestjs/common';
import type { BeforeApplicationShutdown, OnApplicationShutdown, OnModuleDestroy, OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { Custody } from '@meshfleet/pki';
import type { Store } from '@meshfleet/store';
import type { Logger, Metrics } from '@meshfleet/telemetry';
import type { FastifyInstance } from 'fastify';
import type { ApiConfig } from '../config/parse-config.ts';
import { CONFIG, CUSTODY, LOGGER, METRICS, STORE } from '../tokens.ts';
import { createAgentGateway } from './create-gateway.ts';
import type { AgentGateway } from './create-gateway.ts';

export const AGENT_GATEWAY = Symbol('AgentGateway');

/** Ties the gateway to the life of the application. */
@Injectable()
class GatewayLife implements OnModuleInit, OnModuleDestroy, BeforeApplicationShutdown, OnApplicationShutdown {
  readonly #gateway: AgentGateway;
  readonly #host: HttpAdapterHost;

  constructor(@Inject(AGENT_GATEWAY) gateway: AgentGateway, @Inject(HttpAdapterHost) host: HttpAdapterHost) {
    this.#gateway = gateway;
    this.#host = host;
  }

  async onModuleInit(): Promise<void> {
    // Null in a context without HTTP, where nobody can connect.
    const fastify = this.#host.httpAdapter?.getInstance<FastifyInstance>();
    if (fastify !== undefined) this.#gateway.register(fastify);
    await this.#gateway.start();
  }

  /** First: streams end while the server still answers, so that it can close. */
  async onModuleDestroy(): Promise<void> {
    await this.#gateway.drain();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.#gateway.drain();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.#gateway.close();
  }
}

/** Everything that agents talk to. Needs STORE, CUSTODY, CONFIG, LOGGER and METRICS from a global module. */
@Module({
  providers: [
    {
      provide: AGENT_GATEWAY,
      inject: [STORE, CUSTODY, CONFIG, LOGGER, METRICS],
      useFactory: (store: Store, custody: Custody, config: ApiConfig, logger: Logger, metrics: Metrics) =>
        createAgentGateway({ store, custody, audience: config.publicUrl, logger, metrics, clock: Date.now, random: Math.random, randomBytes }),
    },
    GatewayLife,
  ],
  exports: [AGENT_GATEWAY],
})
export class AgentGatewayModule {}
