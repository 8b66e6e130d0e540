import { MeshfleetError } from '@meshfleet/model';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';

/** Ports on loopback that are the caller's until it gives them back, or ends. */
export interface PortClaim {
  readonly ports: readonly number[];
  release(): void;
}

const RANGE = 12_000;
const LOWEST = 1_024;

/**
 * Free ports that no other bed of this machine takes meanwhile, not even while nothing listens on them: a part that is started anew
 * finds its own. They lie below those that the kernel gives to outgoing connections, or one of these might be faster. The search begins
 * at `from`, by default anywhere in the range, so that beds that start together seldom want the same.
 * @throws LIMIT_EXCEEDED when too few are free.
 */
export async function freePorts(count: number, from?: number): Promise<PortClaim> {
  const end = firstEphemeralPort();
  const start = Math.max(LOWEST, end - RANGE);
  const claims: { port: number; claim: Server }[] = [];
  const first = from ?? start + Math.floor(Math.random() * (end - start));
  for (let step = 0; step < end - start && claims.length < count; step += 1) {
    const port = start + ((first - start + step) % (end - start));
    const claim = await listen({ path: `\0meshfleet-port-${port}` });
    if (claim === undefined) continue;
    const probe = await listen({ host: '127.0.0.1', port });
    await new Promise((resolve) => (probe === undefined ? resolve(undefined) : probe.close(resolve)));
    if (probe === undefined) claim.close();
    else claims.push({ port, claim });
  }
  const release = (): void => {
    for (const { claim } of claims) claim.close();
  };
  if (claims.length === count) return { ports: claims.map(({ port }) => port), release };
  release();
  throw new MeshfleetError({ code: 'LIMIT_EXCEEDED', summary: `${count} ports are needed, and ${claims.length} are free`, why: `Beds take theirs from ${start} to ${end - 1}.` });
}

/** ip_local_port_range of ip-sysctl. */
function firstEphemeralPort(): number {
  return Number(readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8').trim().split(/\s+/)[0]);
}

/** undefined when somebody has it. A path that begins with a zero byte is a name in the kernel, which is free again when its holder ends (unix(7)). */
function listen(where: { path: string } | { host: string; port: number }): Promise<Server | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.unref();
    server.once('error', () => {
      resolve(undefined);
    });
    server.listen({ ...where, exclusive: true }, () => {
      resolve(server);
    });
  });
}
