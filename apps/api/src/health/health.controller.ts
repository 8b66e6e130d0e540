import { Controller, Get, Inject, Res } from '@nestjs/common';
import type { Metrics } from '@meshfleet/telemetry';
import type { FastifyReply } from 'fastify';
import { ChangeFeed } from '../changes/change-feed.ts';
import { METRICS } from '../tokens.ts';
import { Readiness } from './readiness.ts';

/** What those who run the process ask it. */
@Controller()
export class HealthController {
  readonly #readiness: Readiness;

  constructor(@Inject(Readiness) readiness: Readiness, @Inject(ChangeFeed) feed: ChangeFeed, @Inject(METRICS) metrics: Metrics) {
    this.#readiness = readiness;
    const gauge = metrics.gauge('meshfleet_subscriptions', 'Open GraphQL subscriptions');
    Object.assign(gauge, {
      collect() {
        gauge.set(feed.size);
      },
    });
  }

  /** The process lives. */
  @Get('healthz')
  health(@Res() reply: FastifyReply): void {
    void reply.type('text/plain').send('ok\n');
  }

  @Get('readyz')
  async ready(@Res() reply: FastifyReply): Promise<void> {
    const { ready, why } = await this.#readiness.check();
    await reply.code(ready ? 200 : 503).type('text/plain').send(ready ? 'ok\n' : `${why ?? 'not ready'}\n`);
  }
}
