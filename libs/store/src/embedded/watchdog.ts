import { spawn } from 'node:child_process';
import { platform } from 'node:os';

// Reads from us until we are gone, however we went; then ends the server if it is still the one of this directory.
const SCRIPT = `
cat >/dev/null
pid=$(head -n 1 "$1/postmaster.pid" 2>/dev/null)
if [ "$pid" = "$2" ]; then
  kill -INT "$2" 2>/dev/null
  n=0
  while kill -0 "$2" 2>/dev/null && [ $n -lt 100 ]; do sleep 0.1; n=$((n+1)); done
fi
if [ "$3" = remove ]; then rm -rf "$1" "$1.lock"; fi
if [ -n "$4" ]; then rm -rf "$4"; fi
`;

/** Ends the server, and removes what must not stay, when this process dies without a chance to do it itself. */
export function watchOver(server: { dataDir: string; pid: number; removeData: boolean; removeCopy?: string }): { dismiss(): void } {
  if (platform() === 'win32') return { dismiss: () => undefined };
  const child = spawn(
    '/bin/sh',
    ['-c', SCRIPT, 'meshfleet-watchdog', server.dataDir, String(server.pid), server.removeData ? 'remove' : 'keep', server.removeCopy ?? ''],
    { cwd: '/', detached: true, stdio: ['pipe', 'ignore', 'ignore'] },
  );
  child.on('error', () => undefined);
  child.stdin.on('error', () => undefined);
  child.unref();
  (child.stdin as unknown as { unref(): void }).unref(); // a socket, though declared as a plain stream
  return {
    dismiss: () => {
      child.kill('SIGKILL');
    },
  };
}
