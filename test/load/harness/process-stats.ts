import { readdirSync, readFileSync } from 'node:fs';

/** Resident memory of a process in MiB, from /proc. */
export function residentMiB(pid: number): number {
  const kib = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kib) / 1024;
}

/** CPU time that a process has used, in milliseconds (clock ticks of 10 ms). */
export function cpuMilliseconds(pid: number): number {
  const fields = statOf(pid);
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

/** CPU time, in milliseconds, of the embedded Postgres that this process has started: its backends, living ones, and all the rest of it. */
export function postgresCpuMilliseconds(): number {
  const processes = readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map(Number).flatMap((pid) => {
    try {
      return [{ pid, parent: Number(statOf(pid)[1]), command: readFileSync(`/proc/${pid}/cmdline`, 'utf8') }];
    } catch {
      return []; // gone meanwhile
    }
  });
  const server = processes.find(({ parent, command }) => parent === process.pid && /bin\/postgres\0-D/.test(command));
  return processes.filter(({ pid, parent }) => pid === server?.pid || parent === server?.pid).reduce((sum, { pid }) => sum + cpuMilliseconds(pid), 0);
}

/** Fields of /proc/<pid>/stat from the third on: state, parent, ... */
function statOf(pid: number): string[] {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}
