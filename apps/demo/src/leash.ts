// Ends the demo's processes when the demo itself is gone without a goodbye (kill -9, a closed terminal): its standard
// input is a pipe from the demo, which the kernel closes with it. Lines are process ids to remember: "+123", "-123".
import { createInterface } from 'node:readline';

const held = new Set<number>();
const lines = createInterface({ input: process.stdin });

lines.on('line', (line) => {
  const pid = Number(line.slice(1));
  if (line.startsWith('+')) held.add(pid);
  else held.delete(pid);
});
lines.on('close', () => {
  for (const pid of held) signal(pid, 'SIGTERM');
  if (held.size === 0) process.exit(0);
  setTimeout(() => {
    for (const pid of held) signal(pid, 'SIGKILL');
    process.exit(0);
  }, 5_000);
});
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => undefined);

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    held.delete(pid);
  }
}
