import { positiveDurationField, presentFields } from '@meshfleet/manifest';
import type { JsonObject } from '@meshfleet/model';
import { z } from 'zod';

const count = z.int().min(1).max(2_147_483_647);
const share = z.int().min(0).max(100);

export const outlierDetection = z
  .strictObject({
    consecutive5xxErrors: z.int().min(0).max(1_000).default(5).meta({ title: 'Errors in a row', description: 'Answers of 5xx, and connections that fail, after which an endpoint is ejected; 0 does not count them.' }),
    consecutiveGatewayErrors: z.int().min(0).max(1_000).optional().meta({ title: 'Gateway errors in a row', description: 'The same for 502, 503 and 504 alone; counts only when lower than the other.' }),
    interval: positiveDurationField.default('10s').meta({ title: 'Interval', description: 'How often endpoints are looked at, to let them back in.' }),
    baseEjectionTime: positiveDurationField.default('30s').meta({ title: 'Ejection time', description: 'How long an endpoint stays out, times how often it was ejected.' }),
    maxEjectionPercent: z.int().min(1).max(100).default(50).meta({ title: 'Ejected at most', description: 'Share of the endpoints that may be out at once, in per cent. Istio’s own 10 % means one at the most in a service of ten or fewer.' }),
    minHealthPercent: share.optional().meta({ title: 'Panic below', description: 'When fewer are left than this share, proxies use all again, the ejected too.' }),
  })
  .meta({ title: 'Outlier detection', description: 'Ejects endpoints that fail.' });

export const connectionPool = z
  .strictObject({
    maxConnections: count.optional().meta({ title: 'Connections', description: 'Connections to the host at most, per proxy.' }),
    connectTimeout: positiveDurationField.optional().meta({ title: 'Connect timeout', description: 'How long a connection may take to come about; Istio’s own is 10s.' }),
    http1MaxPendingRequests: count.optional().meta({ title: 'Waiting requests', description: 'Requests that may wait for a connection; what is beyond is refused with 503.' }),
    http2MaxRequests: count.optional().meta({ title: 'Requests at once', description: 'Requests to the host under way at most, per proxy; with HTTP/1.1 too.' }),
    maxRequestsPerConnection: count.optional().meta({ title: 'Requests per connection', description: 'After so many a connection is closed; 1 switches keep-alive off.' }),
    idleTimeout: positiveDurationField.optional().meta({ title: 'Idle timeout', description: 'A connection without requests is closed after this time.' }),
  })
  .refine((pool) => Object.values(pool).some((value) => value !== undefined), 'Set at least one limit')
  .meta({ title: 'Connection pool', description: 'Limits of each caller’s proxy towards the host.' });

export const retryBudget = z
  .strictObject({
    percent: z.number().min(0).max(100).default(20).meta({ title: 'Per cent', description: 'Retries under way at most, in per cent of the requests under way.' }),
    minRetryConcurrency: z.int().min(0).max(1_000_000).default(3).meta({ title: 'At least', description: 'So many retries at once are always allowed.' }),
  })
  .meta({ title: 'Retry budget', description: 'Bounds the retries of each caller’s proxy towards the host, so that a failing service is not buried under them.' });

/** What every preset that writes the traffic policy of a host may say beside its own: a host has one. */
export const policyFields = {
  connectionPool: connectionPool.optional(),
  outlierDetection: outlierDetection.optional(),
  retryBudget: retryBudget.optional(),
};

type PolicyParameters = z.output<z.ZodObject<typeof policyFields>>;

export function trafficPolicy({ connectionPool: pool, outlierDetection: outliers, retryBudget: budget }: PolicyParameters, loadBalancer?: JsonObject): JsonObject {
  return presentFields({
    loadBalancer,
    connectionPool: pool === undefined ? undefined : poolSettings(pool),
    outlierDetection: outliers === undefined ? undefined : presentFields(outliers),
    retryBudget: budget,
  });
}

function poolSettings({ maxConnections, connectTimeout, ...http }: z.output<typeof connectionPool>): object {
  const tcp = presentFields({ maxConnections, connectTimeout });
  const requests = presentFields(http);
  return presentFields({ tcp: Object.keys(tcp).length === 0 ? undefined : tcp, http: Object.keys(requests).length === 0 ? undefined : requests });
}
