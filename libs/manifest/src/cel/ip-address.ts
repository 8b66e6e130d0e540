/** IP addresses and networks, as Kubernetes' CEL library and formats read them. No zones, no IPv4-mapped notation in `ip()`. */
export interface ParsedIp {
  readonly family: 4 | 6;
  readonly value: bigint;
}

export interface ParsedCidr {
  readonly ip: ParsedIp;
  readonly prefix: number;
}

export function isIPv4(text: string): boolean {
  return parseIp(text)?.family === 4;
}

export function isIPv6(text: string): boolean {
  return parseIp(text)?.family === 6;
}

export function parseIp(text: string): ParsedIp | undefined {
  return text.includes(':') ? parseV6(text) : parseV4(text);
}

export function parseCidr(text: string): ParsedCidr | undefined {
  const match = /^([^/]+)\/(\d{1,3})$/.exec(text);
  const ip = match === null ? undefined : parseIp(match[1] ?? '');
  if (match === null || ip === undefined) return undefined;
  const digits = match[2] ?? '';
  const prefix = Number(digits);
  if (prefix > width(ip) || (digits.length > 1 && digits.startsWith('0'))) return undefined;
  return { ip, prefix };
}

export function width(ip: ParsedIp): number {
  return ip.family === 4 ? 32 : 128;
}

/** The network address: all host bits cleared. */
export function masked(cidr: ParsedCidr): ParsedCidr {
  const hostBits = BigInt(width(cidr.ip) - cidr.prefix);
  return { ip: { family: cidr.ip.family, value: (cidr.ip.value >> hostBits) << hostBits }, prefix: cidr.prefix };
}

export function containsIp(cidr: ParsedCidr, ip: ParsedIp): boolean {
  if (cidr.ip.family !== ip.family) return false;
  const hostBits = BigInt(width(ip) - cidr.prefix);
  return cidr.ip.value >> hostBits === ip.value >> hostBits;
}

/** The canonical text: RFC 5952 for IPv6. */
export function formatIp(ip: ParsedIp): string {
  if (ip.family === 4) return [24n, 16n, 8n, 0n].map((shift) => (ip.value >> shift) & 255n).join('.');
  const groups = Array.from({ length: 8 }, (_, i) => ((ip.value >> BigInt(112 - 16 * i)) & 0xffffn).toString(16));
  const runs = [...groups.join(':').matchAll(/(?:^|:)0(?::0)+(?=:|$)/g)].sort((a, b) => b[0].length - a[0].length);
  const longest = runs[0];
  if (longest === undefined) return groups.join(':');
  const text = groups.join(':');
  const before = text.slice(0, longest.index);
  const after = text.slice(longest.index + longest[0].length);
  return `${before}::${after.replace(/^:/, '')}`;
}

function parseV4(text: string): ParsedIp | undefined {
  const parts = text.split('.');
  if (parts.length !== 4 || parts.some((part) => !/^(?:0|[1-9]\d{0,2})$/.test(part) || Number(part) > 255)) return undefined;
  return { family: 4, value: parts.reduce((sum, part) => (sum << 8n) | BigInt(part), 0n) };
}

function parseV6(text: string): ParsedIp | undefined {
  let body = text;
  const lastColon = body.lastIndexOf(':');
  if (body.includes('.')) {
    const tail = parseV4(body.slice(lastColon + 1));
    if (tail === undefined) return undefined;
    body = `${body.slice(0, lastColon + 1)}${(tail.value >> 16n).toString(16)}:${(tail.value & 0xffffn).toString(16)}`;
  }
  const halves = body.split('::');
  if (halves.length > 2) return undefined;
  const groups = halves.map((half) => (half === '' ? [] : half.split(':')));
  const [head = [], tail = []] = groups;
  const missing = 8 - head.length - tail.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined;
  const all = [...head, ...Array.from({ length: Math.max(missing, 0) }, () => '0'), ...tail];
  if (all.some((group) => !/^[0-9a-fA-F]{1,4}$/.test(group))) return undefined;
  return { family: 6, value: all.reduce((sum, group) => (sum << 16n) | BigInt(`0x${group}`), 0n) };
}
