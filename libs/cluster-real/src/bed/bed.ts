import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { basename, join } from 'node:path';
import { clearNetwork, networksOfDeadOwners } from '../network/clear-network.ts';
import { startHeir } from './heir.ts';
import { ownerLives, thisOwner } from './owner.ts';

/**
 * The folder of one set of real clusters. When its owner is killed, processes end by themselves (see managed-process) and
 * the heir clears the rest: folder, network namespaces, links. The folder's name tells the owner, so that whoever comes next
 * can sweep what even the heir did not survive.
 */
export interface Bed {
  readonly folder: string;
  /** Short and unique on this machine: prefix of everything in the kernel that belongs to the bed. */
  readonly id: string;
  close(): void;
}

/** Each user of the machine has one: nobody can sweep what is another's. Short, for sockets below it have paths of at most 107 bytes. */
const BEDS = join(tmpdir(), `mf-real-${userInfo().uid}`);
/** `bed-<pid>.<start of the process>-<six random letters>` */
const FOLDER = /^bed-(\d+\.\d+)-([A-Za-z0-9]{6})$/;

export function openBed(): Bed {
  mkdirSync(BEDS, { recursive: true });
  sweepBeds();
  const folder = mkdtempSync(join(BEDS, `bed-${thisOwner()}-`));
  // Proxies run as a user of their own and reach their folder through this one; what is secret in it has its own mode.
  chmodSync(folder, 0o711);
  const id = bedId(basename(folder));
  const dismissHeir = startHeir(id, folder);
  return {
    folder,
    id,
    close: () => {
      clear(folder);
      dismissHeir();
    },
  };
}

/** Removes what owners that are gone left behind; returns how many beds that were. */
export function sweepBeds(): number {
  const left = existsSync(BEDS) ? readdirSync(BEDS).filter((name) => !ownerLives(FOLDER.exec(name)?.[1] ?? '')) : [];
  for (const name of left) clear(join(BEDS, name));
  // Somebody may have emptied the folder for temporary files.
  for (const id of networksOfDeadOwners()) clearNetwork(id);
  return left.length;
}

function clear(folder: string): void {
  clearNetwork(bedId(basename(folder)));
  rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
}

function bedId(folderName: string): string {
  return `mf${FOLDER.exec(folderName)?.[2] ?? folderName.slice('bed-'.length)}`;
}
