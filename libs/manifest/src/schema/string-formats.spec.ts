import { describe, expect, it } from 'vitest';
import { formatCheck } from './string-formats.ts';

describe('string formats', () => {
  const cases: [format: string, good: string[], bad: string[]][] = [
    ['ipv4', ['10.0.0.1'], ['10.0.0', '10.0.0.256', '::1']],
    ['ipv6', ['::', '::1', '2001:db8::ffff:10.0.0.1', '1:2:3:4:5:6:7:8'], ['1::2::3', '12345::', '1:2:3:4:5:6:7', '10.0.0.1']],
    ['cidr', ['10.0.0.0/8', '::/0'], ['10.0.0.0/33', '10.0.0.0', '10.0.0.0/08']],
    ['date-time', ['2024-02-29T23:59:59.5Z', '2026-01-01T00:00:00+02:00'], ['2026-02-29T00:00:00Z', '2026-01-01', '2026-01-01T24:00:00Z']],
    ['date', ['2024-02-29'], ['2023-02-29', '2024-13-01', '24-01-01']],
    ['duration', ['1h5m', '1.5s', '-2ms', '0', '3 days'], ['', 'soon', '5']],
    ['uri', ['https://a.b/c?d', '/a', 'urn:x'], ['a/b', 'https://a b/', ':x', '/%zz']],
    ['hostname', ['a', 'a.example', '1.example.com'], ['-a', 'a_b.example', 'a.1', `${'a'.repeat(64)}.example`]],
    ['email', ['a@b.example'], ['a', 'a@', '@b', 'a b@c']],
    ['uuid', ['0B2A8D35-8A4C-4A62-9C1A-0C5F6F2F7A11'], ['0b2a8d35']],
    ['byte', ['aGk=', 'aGVsbG8h'], ['a', '', 'a===']],
    ['mac', ['00:1b:44:11:3a:b7', '001b.4411.3ab7'], ['00:1b', '00:1b-44:11:3a:b7']],
  ];
  it.each(cases)('%s', (format, good, bad) => {
    const check = formatCheck(format);
    for (const text of good) expect(check?.(text), text).toBe(true);
    for (const text of bad) expect(check?.(text), text).toBe(false);
  });

  it('that the API server strips are not checked here either', () => {
    for (const format of ['int32', 'int64', 'double', 'float', 'k8s-short-name', 'made-up', 'constructor']) expect(formatCheck(format)).toBeUndefined();
  });
});
