import { spawn } from 'node:child_process';

/**
 * Waits for the end of its input, which comes when the owner ends, however it ends; then kills whatever still runs in the
 * bed's network namespaces (a proxy outlives the agent that started it), and removes namespaces, bridge and folder.
 */
const SCRIPT = `
id=$1 folder=$2
read -r _
sleep 0.2
for name in $(ip netns list 2>/dev/null | cut -d' ' -f1 | grep "^$id-"); do
  ip netns pids "$name" | xargs -r kill -9
  ip netns delete "$name"
  rm -rf "/etc/netns/$name"
done
for bridge in $(ip -o link show type bridge 2>/dev/null | awk -F': ' -v mark="alias $id " 'index($0, mark) {print $2}'); do
  ip link delete "$bridge"
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
