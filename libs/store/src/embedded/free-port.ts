import { createServer } from 'node:net';
import { portInUse } from './embedded-error.ts';

/**
 * The port itself if it is free, or any free one for 0.
 * @throws MeshfleetError CONFIG_INVALID when it is taken
 */
export function freePort(port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', (error) => reject(portInUse(port, { cause: error })));
    probe.listen(port, '127.0.0.1', () => {
      const address = probe.address();
      const found = typeof address === 'object' && address !== null ? address.port : port;
      probe.close(() => resolve(found));
    });
  });
}
