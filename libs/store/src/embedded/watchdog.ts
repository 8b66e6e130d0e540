import { spawn } from 'node:child_process';
import { platform } from 'node:os';

// Reads the server's pid from us, then waits until we are gone, however we went; then ends the server if it is still the
// one of this directory (another start may have taken over by then). A second look at the directory catches an initdb
// that was on its way.
const SCRIPT = `
pid=none
while read -r line; do pid=$line; done
if [ "$(head -n 1 "$1/postmaster.pid" 2>/dev/null)" = "$pid" ]; then
  kill -INT "$pid" 2>/dev/null
  n=0
  while kill -0 "$pid" 2>/dev/null && [ $n -lt 100 ]; do sleep 0.1; n=$((n+1)); done
fi
if [ -n "$3" ]; then rm -rf "$3"; fi
if [ "$2" = remove ]; then
  rm -rf "$1" "$1.new" "$1.lock"
  sleep 3
  rm -rf "$1" "$1.new"
fi
`;

export interface Watchdog {
  /** Says which process is the server. */
  watch(pid: number): void;
  /** The end was orderly: nothing is left to do. */
  dismiss(): void;
}

/** Ends the server, and removes what must not stay, when this process dies without a chance to do it itself. */
export function startWatchdog(options: { dataDir: string; removeData: boolean; removeCopy: string | undefined }): Watchdog {
  if (platform() === 'win32') return { watch: () => undefined, dismiss: () => undefined };
  const child = spawn(
    '/bin/sh',
    ['-c', SCRIPT, 'meshfleet-watchdog', options.dataDir, options.removeData ? 'remove' : 'keep', options.removeCopy ?? ''],
    { cwd: '/', detached: true, stdio: ['pipe', 'ignore', 'ignore'] },
  );
  child.on('error', () => undefined);
  child.stdin.on('error', () => undefined);
  child.unref();
  (child.stdin as unknown as { unref(): void }).unref(); // a socket, though declared as a plain stream
  return {
    watch: (pid) => {
      child.stdin.write(`${pid}\n`);
    },
    dismiss: () => {
      child.kill('SIGKILL');
    },
  };
}
