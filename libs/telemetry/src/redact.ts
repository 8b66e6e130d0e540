/** Names of fields whose value never reaches a log, at whatever depth. Compared without case, dashes and underscores. */
const SECRET_NAMES = new Set([
  'authorization',
  'proxyauthorization',
  'cookie',
  'setcookie',
  'password',
  'passwd',
  'secret',
  'clientsecret',
  'token',
  'jointoken',
  'apitoken',
  'accesstoken',
  'refreshtoken',
  'idtoken',
  'bearertoken',
  'privatekey',
  'privatejwk',
  'privateenvelope',
  'signingkey',
  'keyencryptionkey',
  'meshfleetkey',
  'databaseurl',
  'redisurl',
  'connectionstring',
  'kubeconfig',
  'cacerts',
]);

/** Secrets by their looks, wherever a text holds one. */
const SECRET_TEXTS: readonly [RegExp, string][] = [
  // Join and API tokens of ours.
  [/\bmf[ja]_[A-Za-z0-9_-]{8,}/g, '[token]'],
  // Any compact JWS: three base64url parts, the first one a JSON object.
  [/\beyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]*\.[A-Za-z0-9_-]*/g, '[jwt]'],
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(-----END [A-Z ]*PRIVATE KEY-----|$)/g, '[private key]'],
  [/\b(Bearer|Basic|Meshfleet)\s+[A-Za-z0-9._~+/=-]{8,}/gi, '$1 [credential]'],
  // user:password@ in any URL.
  [/\b([a-z][a-z0-9+.-]*:\/\/[^\s:/@"]*):[^\s/@"]+@/gi, '$1:[password]@'],
];

const DEEPEST = 8;

/** A copy for the log: secrets replaced, errors with their causes as plain fields. Never changes what it is given. */
export function redact(value: unknown): unknown {
  return copy(value, 0, new Set());
}

/** A text with what looks like a secret replaced. */
export function redactText(text: string): string {
  return SECRET_TEXTS.reduce((clean, [pattern, instead]) => clean.replace(pattern, instead), text);
}

function copy(value: unknown, depth: number, above: ReadonlySet<object>): unknown {
  if (typeof value === 'string') return redactText(value);
  if (typeof value === 'bigint') return Number(value);
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Date) return value;
  if (above.has(value)) return '[circular]';
  if (depth >= DEEPEST) return '[deep]';
  if (value instanceof Uint8Array) return `[${value.byteLength} bytes]`;
  const within = new Set([...above, value]);
  if (Array.isArray(value)) return value.map((item) => copy(item, depth + 1, within));
  const fields = value instanceof Error ? errorFields(value) : value;
  return Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, isSecret(name, field) ? '[redacted]' : copy(field, depth + 1, within)]));
}

function isSecret(name: string, field: unknown): boolean {
  if (field === null || field === undefined || typeof field === 'boolean' || typeof field === 'number') return false;
  return SECRET_NAMES.has(name.toLowerCase().replaceAll(/[-_]/g, ''))
    // The private part of a JSON Web Key.
    || (name === 'd' && typeof field === 'string' && field.length >= 32);
}

function errorFields(error: Error): Record<string, unknown> {
  // `parameters`, `detail` and `where` of a database error may quote values of rows.
  const { detail: _detail, where: _where, parameters: _parameters, ...own } = error as unknown as Record<string, unknown>;
  return {
    ...own,
    type: error.name,
    message: error.message,
    stack: error.stack,
    ...(error.cause === undefined ? {} : { cause: error.cause }),
  };
}
