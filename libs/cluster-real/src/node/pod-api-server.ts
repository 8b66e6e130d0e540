import { SERVER_NAME } from '../cluster/kubeconfig.ts';
import type { BedNetwork } from '../network/bed-network.ts';
import { openRelay, type Relay } from '../network/relay.ts';

/** The API server as pods reach it. */
export interface PodApiServer {
  readonly url: string;
  /** What its certificate says. */
  readonly serverName: string;
  /** Where pods of another network reach it, as one that is open to the internet. */
  urlFrom(network: BedNetwork): Promise<string>;
  cut(): void;
  mend(): void;
}

/** A relay in each network from which the API server is asked for; they are cut together. */
export function openPodApiServer(url: string): Omit<PodApiServer, 'url'> & { close(): Promise<void> } {
  const relays = new Map<BedNetwork, Promise<Relay>>();
  const target = { host: '127.0.0.1', port: Number(new URL(url).port) };
  let isCut = false;
  const each = (act: (relay: Relay) => void): void => {
    for (const relay of relays.values()) void relay.then(act);
  };
  return {
    serverName: SERVER_NAME,
    urlFrom: async (network) => {
      const opened = relays.get(network) ?? openRelay(network.hostAddress, target);
      relays.set(network, opened);
      const relay = await opened;
      if (isCut) relay.cut();
      return `https://${network.hostAddress}:${relay.port}`;
    },
    cut: () => {
      isCut = true;
      each((relay) => relay.cut());
    },
    mend: () => {
      isCut = false;
      each((relay) => relay.mend());
    },
    close: async () => {
      await Promise.all([...relays.values()].map(async (relay) => (await relay).close()));
    },
  };
}
