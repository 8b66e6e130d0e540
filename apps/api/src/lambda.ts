import 'reflect-metadata';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { createApp } from './create-app.ts';
import { openParts } from './open-parts.ts';

/** What AWS sends for an HTTP request: payload format 2.0 of function URLs and HTTP APIs. */
export interface HttpEvent {
  readonly rawPath: string;
  readonly rawQueryString?: string;
  readonly headers?: Readonly<Record<string, string | undefined>>;
  readonly cookies?: readonly string[];
  readonly body?: string;
  readonly isBase64Encoded?: boolean;
  readonly requestContext: { readonly http: { readonly method: string; readonly sourceIp?: string } };
}

export interface HttpResult {
  readonly statusCode: number;
  readonly headers: Record<string, string>;
  readonly cookies: string[];
  readonly body: string;
  readonly isBase64Encoded: boolean;
}

let app: Promise<NestFastifyApplication> | undefined;

/**
 * The API behind AWS Lambda. The app lives as long as the instance; answers are whole, so that agents poll and
 * subscriptions are for the long-lived process.
 */
export async function handler(event: HttpEvent): Promise<HttpResult> {
  app ??= openParts(process.env).then(createApp);
  // A start that failed (the database was away) is tried again by the next request.
  app.catch(() => {
    app = undefined;
  });
  return inject(await app, event);
}

/** One event as a request to the app. */
export async function inject(to: NestFastifyApplication, event: HttpEvent): Promise<HttpResult> {
  const { rawPath, rawQueryString = '', headers = {}, cookies = [], body, isBase64Encoded = false, requestContext } = event;
  const query = rawQueryString === '' ? '' : `?${rawQueryString}`;
  const sent = Object.fromEntries(Object.entries(headers).filter((entry): entry is [string, string] => entry[1] !== undefined));
  const response = await to.inject({
    // Lambda hands on only methods of HTTP.
    method: requestContext.http.method as 'GET',
    url: `${rawPath}${query}`,
    headers: { ...sent, ...(cookies.length === 0 ? {} : { cookie: cookies.join('; ') }) },
    ...(body === undefined ? {} : { payload: Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8') }),
    ...(requestContext.http.sourceIp === undefined ? {} : { remoteAddress: requestContext.http.sourceIp }),
  });
  const plain = Object.entries(response.headers).filter(([name, value]) => value !== undefined && name !== 'set-cookie' && name !== 'content-length');
  return {
    statusCode: response.statusCode,
    headers: Object.fromEntries(plain.map(([name, value]) => [name, String(value)])),
    cookies: [response.headers['set-cookie'] ?? []].flat(),
    body: response.rawPayload.toString('base64'),
    isBase64Encoded: true,
  };
}
