import { request as requestPlain } from 'node:http';
import { request } from 'node:https';
import { text } from 'node:stream/consumers';

/** A request from outside of the mesh to the address of a gateway. */
export interface EdgeCall {
  readonly address: string;
  readonly host: string;
  readonly path?: string;
  /** Roots that the gateway must show a certificate of. Without them the call is plain HTTP. */
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly maxVersion?: 'TLSv1.2' | 'TLSv1.3';
}

/** How each of some calls ended: the code and, where one answered, the workload; or the error of the connection. */
export type EdgeCounts = ReadonlyMap<string, number>;

export async function callEdge(call: EdgeCall): Promise<string> {
  const { address, host, path = '/', ca, maxVersion, ...certificate } = call;
  return new Promise((resolve) => {
    const options = { host: address, path, headers: { host }, agent: false, timeout: 5_000 } as const;
    const outgoing = ca === undefined ? requestPlain({ ...options, port: 80 }) : request({ ...options, ...certificate, port: 443, ca, servername: host, ...(maxVersion === undefined ? {} : { maxVersion }) });
    outgoing.on('response', (response) => {
      const { location } = response.headers;
      text(response).then(
        (body) => {
          const name = /"name":"([^"]+)"/.exec(body)?.[1];
          resolve([String(response.statusCode), ...(name === undefined ? [] : [`by ${name}`]), ...(location === undefined ? [] : [`to ${location}`])].join(' '));
        },
        () => {
          resolve('an answer cut off');
        },
      );
    });
    outgoing.on('timeout', () => outgoing.destroy());
    outgoing.on('error', () => {
      resolve('no answer');
    });
    outgoing.end();
  });
}

/** Some calls, one after the other, each over a connection of its own. */
export async function callEdgeTimes(times: number, call: EdgeCall): Promise<EdgeCounts> {
  const counts = new Map<string, number>();
  for (let round = 0; round < times; round += 1) {
    const seen = await callEdge(call);
    counts.set(seen, (counts.get(seen) ?? 0) + 1);
  }
  return counts;
}
