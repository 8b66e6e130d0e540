import { randomBytes } from 'node:crypto';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { createLocalCustody } from '@meshfleet/pki';
import { createLogger, createMetrics } from '@meshfleet/telemetry';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CONFIG, CUSTODY, LOGGER, METRICS, STORE } from '../tokens.ts';
import { AgentGatewayModule } from './agent-gateway.module.ts';
import { AUDIENCE, startGateway, TestAgent } from './gateway.fixture.ts';
import type { TestGateway } from './gateway.fixture.ts';

let gateway: TestGateway;
let app: NestFastifyApplication;
let agent: TestAgent;
beforeAll(async () => {
  gateway = await startGateway();
  const given = [
    { provide: STORE, useValue: await gateway.db.openAnother() },
    { provide: CUSTODY, useValue: createLocalCustody({ key: randomBytes(32), random: randomBytes }) },
    { provide: CONFIG, useValue: { publicUrl: AUDIENCE } },
    { provide: LOGGER, useValue: createLogger('test', { level: 'silent' }) },
    { provide: METRICS, useValue: createMetrics('test') },
  ];
  @Module({ imports: [{ module: class Given {}, global: true, providers: given, exports: given }, AgentGatewayModule] })
  class App {}
  app = await NestFactory.create<NestFastifyApplication>(App, new FastifyAdapter({ bodyLimit: 1024 * 1024 }), { logger: false });
  await app.listen(0, '127.0.0.1');
  const enrolled = await TestAgent.enrol(gateway, await gateway.db.createOrganization());
  agent = new TestAgent(await app.getUrl(), enrolled.keys, enrolled.identity);
});
afterAll(async () => {
  await app.close();
  await gateway.stop();
});

describe('the gateway as a Nest module', () => {
  it('takes reports larger than the limit of the rest of the application, byte for byte', async () => {
    const upsert = Array.from({ length: 5000 }, (_, index) => ({ key: `Service/shop/s${index}`, body: { text: 'x'.repeat(800) } }));
    expect(await agent.report(1, { inventory: { seq: 1, base: 0, upsert, remove: [] } })).toMatchObject({ status: 200, json: { seq: 1 } });
    const { rows } = await gateway.db.admin.query('select count(*)::int as n from inventory_item where cluster_id = $1', [agent.identity.clusterId]);
    expect(rows).toEqual([{ n: 5000 }]);
  });

  it('tells agents nothing of a key-encryption key that is wrong', async () => {
    const answer = await agent.get('/agent/v1/state?have=none');
    expect([answer.status, answer.json]).toMatchObject([500, { error: { code: 'INTERNAL' } }]);
    expect(answer.bytes.toString()).not.toMatch(/key/i);
  });

  it('ends streams before the server closes', async () => {
    const stream = await agent.listen();
    await stream.until((s) => s.text.includes('retry:'));
    await app.close();
    await stream.until((s) => s.ended);
    expect([...stream.text.matchAll(/retry:/g)]).toHaveLength(2);
  });
});
