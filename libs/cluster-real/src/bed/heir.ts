import { spawn } from 'node:child_process';

/**
 * Waits for the end of its input, which comes when the owner ends, however it ends; then kills whatever still runs in the
 * bed's network namespaces (a proxy outlives the agent that started it), and removes namespaces, bridge and folder. More than
 * once: a command that was under way when the owner died may finish what it makes only now. The folder goes last: as long as it
 * is there, whoever opens a bed clears this one.
 */
const SCRIPT = `
id=$1 folder=$2
read -r _
for pause in 0.2 0.5 1; do
  sleep $pause
  for name in $(ip netns list 2>/dev/null | cut -d' ' -f1 | grep "^$id-"); do
    ip netns pids "$name" | xargs -r kill -9
    ip netns delete "$name"
  done
  rm -rf /etc/netns/"$id"-*
  for bridge in $(ip -o link show type bridge 2>/dev/null | awk -F': ' -v mark="alias $id " 'index($0, mark) {print $2}'); do
    ip link delete "$bridge"
  done
done
rm -rf "$folder"
`;

/** Starts the process that clears a bed when this one is killed: nobody else may come for hours. Returns what ends it. */
export function startHeir(id: string, folder: string): () => void {
  const heir = spawn('sh', ['-c', SCRIPT, 'heir', id, folder], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
  // Where there is no shell, whoever opens the next bed clears this one.
  heir.on('error', () => undefined);
  heir.unref();
  // A pipe of a child process is a socket, and has unref(); the types say only that it can be written to.
  (heir.stdin as unknown as { unref(): void }).unref();
  return () => heir.kill('SIGKILL');
}
