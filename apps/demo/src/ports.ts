import { MeshfleetError } from '@meshfleet/model';
import { createServer, type AddressInfo } from 'node:net';

/**
 * Finds the port to serve on: the given one if it is free, any free one for 0.
 * @throws CONFIG_INVALID when the port is taken or may not be used.
 */
export async function claimPort(port: number): Promise<number> {
  const server = createServer();
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, '127.0.0.1', resolve);
    });
    // A listening TCP server has an AddressInfo; the other forms are for pipes and closed servers.
    return (server.address() as AddressInfo).port;
  } catch (cause) {
    throw new MeshfleetError(
      {
        code: 'CONFIG_INVALID',
        summary: `Port ${port} cannot be used`,
        why: cause instanceof Error && 'code' in cause && cause.code === 'EADDRINUSE' ? 'Another program listens on it.' : String(cause),
        fix: `Stop that program, or choose another port: npm run demo -- --port ${port === 8080 ? 8090 : 8080}`,
      },
      { cause },
    );
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
}
