import { hostField, portField } from '@meshfleet/manifest';
import { z } from 'zod';

const pathPrefix = z
  .string()
  .regex(/^\/(?:[^\s?#*{}/]+\/?)*$/, 'Must be a path, as in "/api"')
  .meta({ examples: ['/', '/api', '/api/orders', '/static/'] });

/** Paths of a gateway and the Services behind them, in the order in which they are tried. */
export function routeListField(service: { readonly title: string; readonly description: string; readonly examples: string[] }) {
  return z
    .array(
      z.strictObject({
        pathPrefix: pathPrefix.default('/').meta({ title: 'Path', description: 'Requests under this path: "/api" is "/api" and "/api/orders", not "/apis".' }),
        service: hostField.meta(service),
        port: portField.default(80).meta({ title: 'Port', description: 'Port of the Service.' }),
      }),
    )
    .min(1)
    .max(16)
    .refine((routes) => routes.every((route, at) => !routes.slice(0, at).some((earlier) => covers(earlier.pathPrefix, route.pathPrefix))), 'A route under a path that an earlier one covers is never reached: put the longer path first')
    .meta({ title: 'Routes', description: 'Which paths go where; the first that matches counts.' });
}

function covers(earlier: string, later: string): boolean {
  const trunk = earlier.replace(/\/$/, '');
  return later === trunk || later.startsWith(`${trunk}/`);
}
