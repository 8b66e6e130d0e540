import type { Environment } from '@marcbachmann/cel-js';
import { celFailure } from './cel-failure.ts';
import { parseRequestUri } from './go-url.ts';
import type { GoUrl } from './go-url.ts';
import { containsIp, formatIp, masked, parseCidr, parseIp } from './ip-address.ts';
import type { ParsedCidr, ParsedIp } from './ip-address.ts';

class CelUrl {
  readonly url: GoUrl;
  constructor(url: GoUrl) {
    this.url = url;
  }
}

class CelIp {
  readonly ip: ParsedIp;
  constructor(ip: ParsedIp) {
    this.ip = ip;
  }
}

class CelCidr {
  readonly cidr: ParsedCidr;
  constructor(cidr: ParsedCidr) {
    this.cidr = cidr;
  }
}

class IpNamespace {}

const URL = 'kubernetes.URL';
const IP = 'kubernetes.IP';
const CIDR = 'kubernetes.CIDR';

/** `url`, `ip` and `cidr` with their questions (k8s.io/apiserver/pkg/cel/library). */
export function registerNetwork(environment: Environment): void {
  environment.registerType(URL, CelUrl).registerType(IP, CelIp).registerType(CIDR, CelCidr).registerType('kubernetes.IPNamespace', IpNamespace);

  environment.registerFunction('isURL(string): bool', (text: string) => parseRequestUri(text) !== undefined);
  environment.registerFunction(`url(string): ${URL}`, (text: string) => new CelUrl(parsed(parseRequestUri(text), 'URL', text)));
  environment.registerFunction(`${URL}.getScheme(): string`, ({ url }: CelUrl) => url.scheme);
  environment.registerFunction(`${URL}.getHost(): string`, ({ url }: CelUrl) => url.host);
  environment.registerFunction(`${URL}.getHostname(): string`, ({ url }: CelUrl) => url.hostname);
  environment.registerFunction(`${URL}.getPort(): string`, ({ url }: CelUrl) => url.port);
  environment.registerFunction(`${URL}.getEscapedPath(): string`, ({ url }: CelUrl) => url.escapedPath);
  environment.registerFunction(`${URL}.getQuery(): map<string, list<string>>`, ({ url }: CelUrl) => new Map(url.query));

  environment.registerFunction('isIP(string): bool', (text: string) => parseIp(text) !== undefined);
  environment.registerFunction(`ip(string): ${IP}`, (text: string) => new CelIp(parsed(parseIp(text), 'IP Address', text)));
  environment.registerConstant('ip', 'kubernetes.IPNamespace', new IpNamespace());
  environment.registerFunction('kubernetes.IPNamespace.isCanonical(string): bool', (_: unknown, text: string) => formatIp(parsed(parseIp(text), 'IP Address', text)) === text);
  environment.registerFunction(`${IP}.family(): int`, ({ ip }: CelIp) => BigInt(ip.family));
  environment.registerFunction(`${IP}.isUnspecified(): bool`, ({ ip }: CelIp) => ip.value === 0n);
  environment.registerFunction(`${IP}.isLoopback(): bool`, ({ ip }: CelIp) => within(ip, '127.0.0.0/8') || within(ip, '::1/128'));
  environment.registerFunction(`${IP}.isLinkLocalMulticast(): bool`, ({ ip }: CelIp) => within(ip, '224.0.0.0/24') || (ip.family === 6 && ip.value >> 112n === 0xff02n));
  environment.registerFunction(`${IP}.isLinkLocalUnicast(): bool`, ({ ip }: CelIp) => within(ip, '169.254.0.0/16') || within(ip, 'fe80::/10'));
  environment.registerFunction(`${IP}.isGlobalUnicast(): bool`, ({ ip }: CelIp) => isGlobalUnicast(ip));
  environment.registerFunction(`string(${IP}): string`, ({ ip }: CelIp) => formatIp(ip));
  environment.registerOperator(`${IP} == ${IP}`, (a: CelIp, b: CelIp) => a.ip.family === b.ip.family && a.ip.value === b.ip.value);

  environment.registerFunction('isCIDR(string): bool', (text: string) => parseCidr(text) !== undefined);
  environment.registerFunction(`cidr(string): ${CIDR}`, (text: string) => new CelCidr(parsed(parseCidr(text), 'network address', text)));
  environment.registerFunction(`${CIDR}.ip(): ${IP}`, ({ cidr }: CelCidr) => new CelIp(cidr.ip));
  environment.registerFunction(`${CIDR}.masked(): ${CIDR}`, ({ cidr }: CelCidr) => new CelCidr(masked(cidr)));
  environment.registerFunction(`${CIDR}.prefixLength(): int`, ({ cidr }: CelCidr) => BigInt(cidr.prefix));
  environment.registerFunction(`${CIDR}.containsIP(string): bool`, ({ cidr }: CelCidr, text: string) => containsIp(cidr, parsed(parseIp(text), 'IP Address', text)));
  environment.registerFunction(`${CIDR}.containsIP(${IP}): bool`, ({ cidr }: CelCidr, { ip }: CelIp) => containsIp(cidr, ip));
  environment.registerFunction(`${CIDR}.containsCIDR(string): bool`, ({ cidr }: CelCidr, text: string) => containsCidr(cidr, parsed(parseCidr(text), 'network address', text)));
  environment.registerFunction(`${CIDR}.containsCIDR(${CIDR}): bool`, (outer: CelCidr, inner: CelCidr) => containsCidr(outer.cidr, inner.cidr));
  environment.registerFunction(`string(${CIDR}): string`, ({ cidr }: CelCidr) => `${formatIp(cidr.ip)}/${cidr.prefix}`);
}

function parsed<T>(value: T | undefined, what: string, text: string): T {
  if (value === undefined) throw celFailure(`${what} parse error during conversion from string: ${text}`);
  return value;
}

function within(ip: ParsedIp, network: string): boolean {
  const cidr = parseCidr(network);
  return cidr !== undefined && containsIp(cidr, ip);
}

function isGlobalUnicast(ip: ParsedIp): boolean {
  const excluded = ['127.0.0.0/8', '::1/128', '169.254.0.0/16', 'fe80::/10', '224.0.0.0/4', 'ff00::/8', '255.255.255.255/32'];
  return ip.value !== 0n && !excluded.some((network) => within(ip, network));
}

function containsCidr(outer: ParsedCidr, inner: ParsedCidr): boolean {
  return inner.prefix >= outer.prefix && containsIp(outer, inner.ip);
}
