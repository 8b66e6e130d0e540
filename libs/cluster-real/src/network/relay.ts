import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** A port in front of another one that can be cut: new connections and old ones then hang, as behind a dead link. */
export interface Relay {
  readonly port: number;
  cut(): void;
  mend(): void;
  close(): Promise<void>;
}

export async function openRelay(listen: string, target: { host: string; port: number }): Promise<Relay> {
  const sockets = new Set<Socket>();
  let isCut = false;
  const server = createServer((client) => {
    const upstream = connect(target.port, target.host);
    for (const [one, other] of [[client, upstream], [upstream, client]] as const) {
      sockets.add(one);
      one.setNoDelay(true);
      one.on('error', () => other.destroy());
      one.on('close', () => {
        sockets.delete(one);
        other.destroy();
      });
      one.pipe(other);
      if (isCut) one.pause();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, listen, resolve));
  return {
    // A listening TCP server has an AddressInfo; the other forms are for pipes and closed servers.
    port: (server.address() as AddressInfo).port,
    cut: () => {
      isCut = true;
      for (const socket of sockets) socket.pause();
    },
    mend: () => {
      isCut = false;
      for (const socket of sockets) socket.resume();
    },
    close: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
