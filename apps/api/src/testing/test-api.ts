import 'reflect-metadata';
import { createLocalCustody } from '@meshfleet/pki';
import { withTestStore, type Store, type TestStore, type Tx } from '@meshfleet/store';
import { createLogger, type Logger } from '@meshfleet/telemetry';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { randomBytes } from 'node:crypto';
import supertest from 'supertest';
import { createApp } from '../create-app.ts';
import type { ApiConfig } from '../config/parse-config.ts';
import { AUDIENCE, startTestIssuer, type TestIssuer } from './test-issuer.ts';

export interface Answer<T> {
  readonly status: number;
  readonly data: T;
  readonly errors: readonly { message: string; path?: readonly (string | number)[]; extensions: Record<string, unknown> }[];
  readonly extensions: Record<string, unknown>;
}

/** The real API on a real Postgres, over real HTTP, with an issuer of its own. */
export interface TestApi {
  readonly app: NestFastifyApplication;
  readonly url: string;
  readonly issuer: TestIssuer;
  readonly db: TestStore;
  /** Statements that went through the API's store since it was last reset. */
  readonly statements: { count: number; texts: string[] };
  token(subject: string, expiresIn?: number): Promise<string>;
  /** Sends a query; any is what GraphQL answers, whose shape the test knows. */
  query<T = Record<string, never>>(token: string, query: string, variables?: object, headers?: Record<string, string>): Promise<Answer<T>>;
  /** A new organization that the subject owns; returns its slug and id. */
  organization(subject: string, slug: string): Promise<{ id: string; slug: string; token: string }>;
  close(): Promise<void>;
}

/** `around` may look at what goes through the API's store. */
export async function startTestApi(
  overrides: Partial<ApiConfig> = {},
  around: (store: Store) => Store = (store) => store,
  logger: Logger = createLogger('api-test', { level: process.env['TEST_LOG'] ?? 'silent' }),
): Promise<TestApi> {
  const [db, issuer] = await Promise.all([withTestStore(), startTestIssuer()]);
  const statements = { count: 0, texts: [] as string[] };
  const key = randomBytes(32);
  const config: ApiConfig = {
    host: '127.0.0.1',
    port: 0,
    metricsPort: undefined,
    databaseUrl: db.url,
    poolSize: 8,
    publicUrl: 'http://127.0.0.1:8080',
    oidc: { issuer: issuer.issuer, audience: AUDIENCE, jwksUrl: issuer.jwksUrl },
    key,
    tls: undefined,
    budgetPerMinute: 50_000_000,
    signinLink: true,
    webhookHosts: new Set(['gate.internal']),
    logLevel: 'silent',
    ...overrides,
  };
  const app = await createApp({
    config,
    store: counting(around(db.store), statements),
    custody: createLocalCustody({ key, random: (bytes) => randomBytes(bytes) }),
    logger,
  });
  await app.listen(0, '127.0.0.1');
  const url = await app.getUrl();
  const token = (subject: string, expiresIn = 600): Promise<string> =>
    issuer.sign({ sub: subject, name: subject, email: `${subject}@example.com` }, { expiresIn });

  const query = async <T>(bearer: string, text: string, variables: object = {}, headers: Record<string, string> = {}): Promise<Answer<T>> => {
    const response = await supertest(url).post('/graphql').set('authorization', `Bearer ${bearer}`).set(headers).send({ query: text, variables });
    const body = response.body as { data?: T; errors?: Answer<T>['errors']; extensions?: Record<string, unknown> };
    return { status: response.status, data: body.data as T, errors: body.errors ?? [], extensions: body.extensions ?? {} };
  };

  return {
    app,
    url,
    issuer,
    db,
    statements,
    token,
    query,
    async organization(subject, slug) {
      const bearer = await token(subject);
      const answer = await query<{ organizationCreate: { userErrors: object[] } }>(
        bearer,
        'mutation ($input: OrganizationCreateInput!) { organizationCreate(input: $input) { userErrors { code message } } }',
        { input: { slug, name: slug.toUpperCase() } },
      );
      if (answer.errors.length > 0 || answer.data.organizationCreate.userErrors.length > 0) throw new Error(JSON.stringify(answer));
      const { rows } = await db.admin.query<{ id: string }>('select id from organization where slug = $1', [slug]);
      return { id: rows[0]?.id ?? '', slug, token: bearer };
    },
    async close() {
      await app.close();
      await issuer.stop();
      await db.close();
    },
  };
}

function counting(store: Store, statements: TestApi['statements']): Store {
  const counted = (tx: Tx): Tx => ({
    organizationId: tx.organizationId,
    query: (text, values) => {
      statements.count += 1;
      statements.texts.push(text);
      return tx.query(text, values);
    },
    send: (text, values) => {
      statements.count += 1;
      statements.texts.push(text);
      tx.send(text, values);
    },
    notify: (channel, payload) => {
      tx.notify(channel, payload);
    },
  });
  return { ...store, transaction: (organizationId, work, options) => store.transaction(organizationId, (tx) => work(counted(tx)), options) };
}
