import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ownerLives } from './owner.ts';

/** Tells what a run leaves behind on the machine: processes, files, network namespaces, links, rules of the firewall. */
export interface MachineWatch {
  /** For everything that the run starts: what is left of it can then be told from what others do on the same machine. */
  readonly environment: { readonly TMPDIR: string };
  /** One line for each thing that is there and was not before. */
  leftovers(): string[];
  /** Ends the watch, and removes what lies in its folder. */
  end(): void;
}

/** Caches of tools, which are theirs to keep. */
const CACHES = new Set(['node-compile-cache']);
/** Where beds lie; empty once all are gone. */
const BEDS = /^mf-real-\d+$/;

export function watchMachine(): MachineWatch {
  // Short: sockets below it have paths of at most 107 bytes.
  const folder = mkdtempSync(join(tmpdir(), 'mf-'));
  // Postgres and proxies run as users of their own.
  chmodSync(folder, 0o711);
  const before = kernelState();
  const running = new Set(processIds());
  return {
    environment: { TMPDIR: folder },
    leftovers: () => [...processesOf(folder, running), ...filesIn(folder), ...[...kernelState()].filter((line) => !before.has(line))],
    end: () => {
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function processIds(): string[] {
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name));
}

/**
 * What has started since, and has to do with the folder or with this working copy: many are started with an environment of their own.
 * With their ports: a port is open as long as its process lives.
 */
function processesOf(folder: string, before: ReadonlySet<string>): string[] {
  return processIds()
    .filter((pid) => !before.has(pid))
    .flatMap((pid) => {
      const about = (file: string): string[] => readFileSync(`/proc/${pid}/${file}`, 'utf8').split('\0');
      try {
        const isOurs = about('environ').includes(`TMPDIR=${folder}`) || about('cmdline').some((word) => word.includes(folder) || word.includes(`${process.cwd()}/`));
        if (!isOurs) return [];
        const ports = lines('ss', ['-Hltnp']).filter((line) => line.includes(`pid=${pid},`)).map((line) => line.split(/\s+/)[3] ?? '');
        return [`process ${pid}: ${about('cmdline').join(' ').trim().slice(0, 160)}${ports.length === 0 ? '' : ` on ${ports.join(', ')}`}`];
      } catch {
        // It has ended meanwhile, or is another user's.
        return [];
      }
    });
}

function filesIn(folder: string): string[] {
  const isLeft = (name: string): boolean => !CACHES.has(name) && !(BEDS.test(name) && readdirSync(join(folder, name)).length === 0);
  return readdirSync(folder).filter(isLeft).map((name) => `file ${join(folder, name)}`);
}

/** Of the whole machine, less what belongs to real clusters that somebody runs just now. */
function kernelState(): Set<string> {
  const bridges = lines('ip', ['-o', 'link', 'show', 'type', 'bridge']).flatMap((line) => {
    const [, bridge = '', id = '', owner = ''] = /^\d+: (\S+?):.* alias (\S+) (\S+)/.exec(line) ?? [];
    return ownerLives(owner) ? [bridge, id] : [];
  });
  const ours = (name: string): boolean => !bridges.some((running) => name.startsWith(running));
  const namespaces = [...lines('ip', ['netns', 'list']).map((line) => line.split(' ')[0] ?? ''), ...(existsSync('/etc/netns') ? readdirSync('/etc/netns') : [])];
  const links = lines('ip', ['-o', 'link']).map((line) => line.split(': ')[1]?.split('@')[0] ?? '');
  const rules = ['iptables-save', 'ip6tables-save'].flatMap((program) => firewallRules(lines(program, [])).map((rule) => `${program}: ${rule}`));
  return new Set([...namespaces.filter(ours).map((name) => `network namespace ${name}`), ...links.filter(ours).map((name) => `link ${name}`), ...rules]);
}

/**
 * Rules, chains and policies of what `iptables-save` prints, each with its table. Who only looks into a table makes the kernel
 * load it, empty and with chains that let everything pass: that is nothing. Counters and times change by themselves.
 */
export function firewallRules(saved: readonly string[]): string[] {
  let table = '';
  return saved.flatMap((line) => {
    if (line.startsWith('*')) table = line.slice(1);
    const rule = line.replace(/ \[\d+:\d+\]$/, '');
    return /^(?:-A |:(?!\S+ ACCEPT$))/.test(rule) ? [`${table} ${rule}`] : [];
  });
}

function lines(program: string, args: readonly string[]): string[] {
  const { status, stdout } = spawnSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  return status === 0 ? stdout.split('\n').filter(Boolean) : [];
}
