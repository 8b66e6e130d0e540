import { pino } from 'pino';

export interface Log {
  debug(facts: object, message: string): void;
  info(facts: object, message: string): void;
  warn(facts: object, message: string): void;
  error(facts: object, message: string): void;
}

const MOST_UNWRITTEN_BYTES = 256 * 1024;
const SECRETS = ['authorization', 'token', 'joinToken', 'privateKey', 'signKeyPem', 'sealKeyPem', 'secret', 'password'];

/** JSON lines on stderr. Facts that look like secrets are blotted out, one level deep too. */
export function createLog(level: string): Log {
  const redact = SECRETS.flatMap((name) => [name, `*.${name}`]);
  const lines = pino.destination({ fd: 2, sync: true, maxLength: MOST_UNWRITTEN_BYTES });
  // A disk that takes no lines is no reason to stop.
  lines.on('error', () => undefined);
  return pino({ name: 'meshfleet-agent', level, redact, base: { name: 'meshfleet-agent' } }, lines);
}

/** For log lines: what an error says, without its stack and without bodies. */
export function describeError(error: unknown): { error: string; code?: string; why?: string } {
  if (!(error instanceof Error)) return { error: String(error) };
  const { code, why } = error as { code?: unknown; why?: unknown }; // errors of ours and of Node carry these
  return { error: error.message, ...(typeof code === 'string' ? { code } : {}), ...(typeof why === 'string' ? { why } : {}) };
}
