import { describe, expect, it } from 'vitest';
import { setFamilies } from './service-families.ts';

describe('the families of a Service', () => {
  it.each([
    ['one, where the cluster gives the addresses', { clusterIP: '10.96.0.9' }, ['IPv4'], 'SingleStack'],
    ['both, where it has neither address nor selector', { clusterIP: 'None' }, ['IPv4', 'IPv6'], 'RequireDualStack'],
    ['one, where its policy asks for one', { clusterIP: 'None', ipFamilyPolicy: 'SingleStack' }, ['IPv4'], 'SingleStack'],
    ['one, where a selector finds its pods', { clusterIP: 'None', selector: { app: 'a' } }, ['IPv4'], 'SingleStack'],
    ['what the writer says', { clusterIP: '10.96.0.9', ipFamilies: ['IPv6'], ipFamilyPolicy: 'PreferDualStack' }, ['IPv6'], 'PreferDualStack'],
  ])('are %s', (_what, given, families, policy) => {
    const spec: Record<string, unknown> = { ...given };
    setFamilies(spec);
    expect([spec['ipFamilies'], spec['ipFamilyPolicy']]).toEqual([families, policy]);
  });
});
