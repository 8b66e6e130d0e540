import { checkManifests, formatManifests, parseManifests } from '@meshfleet/manifest';
import { describe, expect, it } from 'vitest';
import { istioCatalogue } from '../../catalogue.ts';
import { refused, written } from '../preset-answers.fixture.ts';
import { gatewayApiRetries } from '../resilience/gateway-api-retries.ts';
import { gatewayApiTimeouts } from '../resilience/gateway-api-timeouts.ts';
import { gatewayApiBlueGreen } from './gateway-api-blue-green.ts';
import { gatewayApiCanary } from './gateway-api-canary.ts';
import { gatewayApiCohorts } from './gateway-api-cohorts.ts';
import { gatewayApiMirroring } from './gateway-api-mirroring.ts';

const base = { namespace: 'shop', name: 'echo', parent: { kind: 'SERVICE', name: 'echo' } };
const [v1, v2] = [{ service: 'echo-v1', port: 80 }, { service: 'echo-v2', port: 80 }];

describe('presets in the Gateway API’s kinds', () => {
  it('attach to a Service, or to a listener of a Gateway by host', () => {
    expect(written(gatewayApiMirroring, { ...base, backend: v1, mirror: v2 })).toMatchObject([{ spec: { parentRefs: [{ group: '', kind: 'Service', name: 'echo' }] } }]);
    const parent = { kind: 'GATEWAY', name: 'public', namespace: 'gateways', listener: 'https', hosts: ['echo.example.com'] };
    expect(written(gatewayApiMirroring, { ...base, parent, backend: v1, mirror: v2 })).toMatchObject([
      { spec: { hostnames: ['echo.example.com'], parentRefs: [{ kind: 'Gateway', name: 'public', namespace: 'gateways', sectionName: 'https' }] } },
    ]);
  });

  it('split by weights that sum to 100, with testers before all others', () => {
    const backends = [{ ...v1, weight: 90 }, { ...v2, weight: 10 }];
    expect(written(gatewayApiCanary, { ...base, backends, testers: { cohort: { by: 'HEADER', name: 'x-t', match: 'PREFIX', value: 'a.' }, service: 'echo-v2' } })).toMatchObject([
      {
        spec: {
          rules: [
            { matches: [{ headers: [{ type: 'RegularExpression', name: 'x-t', value: String.raw`a\..*` }] }], backendRefs: [{ name: 'echo-v2', port: 80 }] },
            { backendRefs: [{ name: 'echo-v1', weight: 90 }, { name: 'echo-v2', weight: 10 }] },
          ],
        },
      },
    ]);
    expect(refused(gatewayApiCanary, { ...base, backends: [{ ...v1, weight: 1 }, { ...v1, weight: 1 }] })).toEqual(['backends: The weights sum to 2, not to 100', 'backends: Name each backend once']);
  });

  it('tell cohorts by header and cookie', () => {
    const cohorts = [{ by: 'HEADER', name: 'x-c', value: 'b' }, { by: 'COOKIE', name: 'c', value: 'b' }, { by: 'HEADER', name: 'x-any', match: 'PRESENT' }];
    expect(written(gatewayApiCohorts, { ...base, control: v1, variants: [{ ...v2, cohorts }] })).toMatchObject([
      {
        spec: {
          rules: [
            {
              matches: [
                { headers: [{ type: 'Exact', name: 'x-c', value: 'b' }] },
                { headers: [{ type: 'RegularExpression', name: 'cookie', value: String.raw`(.*;\s*)?c=b(;.*)?` }] },
                { headers: [{ name: 'x-any', value: '.*' }] },
              ],
              backendRefs: [{ name: 'echo-v2' }],
            },
            { backendRefs: [{ name: 'echo-v1' }] },
          ],
        },
      },
    ]);
  });

  it('mirror a share, but never to who answers', () => {
    expect(written(gatewayApiMirroring, { ...base, backend: v1, mirror: v2, percentage: 5 })).toMatchObject([
      { spec: { rules: [{ filters: [{ requestMirror: { backendRef: { name: 'echo-v2', port: 80 }, percent: 5 } }] }] } },
    ]);
    expect(refused(gatewayApiMirroring, { ...base, backend: v1, mirror: v1 })).toHaveLength(1);
  });

  it('bound requests, and attempts within them', () => {
    const timeouts = { request: '3s', backendRequest: '1s' };
    expect(written(gatewayApiTimeouts, { ...base, backend: v1, timeouts, paths: [{ prefix: '/slow', timeouts: { request: '1m' } }] })).toMatchObject([
      { spec: { rules: [{ matches: [{ path: { type: 'PathPrefix', value: '/slow' } }], timeouts: { request: '1m' } }, { timeouts }] } },
    ]);
    expect(refused(gatewayApiTimeouts, { ...base, backend: v1, timeouts: { request: '1s', backendRequest: '2s' } })).toEqual([
      'timeouts.backendRequest: An attempt of 2s cannot outlast its request of 1s',
    ]);
  });

  it('cut over at once, with testers on the other colour', () => {
    const colours = { ...base, blue: v1, green: v2, testers: { by: 'COOKIE', name: 'preview', value: 'idle' } };
    const backendsOf = (active: string): unknown => written(gatewayApiBlueGreen, { ...colours, active })[0]?.['spec'];
    expect(backendsOf('BLUE')).toMatchObject({ rules: [{ backendRefs: [{ name: 'echo-v2' }] }, { backendRefs: [{ name: 'echo-v1', weight: 1 }, { name: 'echo-v2', weight: 0 }] }] });
    expect(backendsOf('GREEN')).toMatchObject({ rules: [{ backendRefs: [{ name: 'echo-v1' }] }, { backendRefs: [{ name: 'echo-v2', weight: 1 }, { name: 'echo-v1', weight: 0 }] }] });
    expect(refused(gatewayApiBlueGreen, { ...base, blue: v1, green: v1, active: 'BLUE' })).toEqual(['green: Blue and green are the same']);
  });

  it('retry the methods that are named, and leave all others as they are', () => {
    expect(written(gatewayApiRetries, { ...base, backend: v1, attempts: 3, codes: [503], methods: ['GET'], timeouts: { request: '2s' } })).toMatchObject([
      { spec: { rules: [{ matches: [{ method: 'GET' }], retry: { attempts: 3, codes: [503] }, timeouts: { request: '2s' } }, { backendRefs: [{ name: 'echo-v1' }] }] } },
    ]);
    expect(refused(gatewayApiRetries, { ...base, backend: v1, codes: [200] })).toHaveLength(1);
    expect(refused(gatewayApiRetries, { ...base, backend: v1, timeouts: { request: '1s', backendRequest: '2s' } })).toEqual(['timeouts.backendRequest: An attempt cannot outlast its request']);
  });

  it('that retry are refused, with a word, where the served version has no retries', () => {
    const { documents } = parseManifests(formatManifests(written(gatewayApiRetries, { ...base, backend: v1 })));
    const problems = (channel: 'standard' | 'experimental'): string[] => checkManifests(documents, istioCatalogue(channel), { manages: () => true }).problems.map(({ summary }) => summary);
    expect(problems('experimental')).toEqual([]);
    expect(problems('standard')).toEqual([expect.stringContaining('retry')]);
  });
});
