import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { APP_IMAGE } from '../workload/app-image.ts';
import type { IstioMinor } from '../parts/part.ts';
import { containerProgram, istioMinorOf, type IstioFiles, type ProgramContext } from './container-program.ts';

const root = mkdtempSync(join(tmpdir(), 'meshfleet-root-'));
afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});
const istioFiles = (minor: IstioMinor): IstioFiles => ({ istiod: `/bin/istiod-${minor}`, pilotAgent: `/bin/pilot-agent-${minor}`, envoyBootstrap: `/bin/bootstrap-${minor}.json` });
const files = { envoy: '/bin/envoy', istio: { '1.28': istioFiles('1.28'), '1.29': istioFiles('1.29') } };
const context = (environment: Record<string, string> = {}): ProgramContext => ({ files, environment, root, kubeconfigFile: '/sa.kubeconfig' });

describe('what stands for an image', () => {
  it('is the istiod of the tag, with the authority of its own pod', () => {
    const program = containerProgram({ name: 'discovery', image: 'docker.io/istio/pilot:1.28.2', args: ['discovery'] }, context({ KUBECONFIG: '/var/run/secrets/remote/config' }));
    expect(program).toMatchObject({ program: '/bin/istiod-1.28', args: ['discovery'], user: 1337, env: { KUBECONFIG: '/sa.kubeconfig', ROOT_CA_DIR: join(root, 'etc/cacerts') } });
  });

  it('lets an istiod outside of its cluster have the kubeconfig that it was given', () => {
    mkdirSync(join(root, 'var/run/secrets/remote'), { recursive: true });
    writeFileSync(join(root, 'var/run/secrets/remote/config'), '');
    const program = containerProgram({ name: 'discovery', image: 'pilot:1.29.1' }, context({ KUBECONFIG: '/var/run/secrets/remote/config' }));
    expect(program?.env['KUBECONFIG']).toBe(join(root, 'var/run/secrets/remote/config'));
  });

  it('lets istiod trust issuers of tokens by the roots that its chart mounts', () => {
    const istiod = () => containerProgram({ name: 'discovery', image: 'pilot:1.29.1' }, context())?.env;
    expect(istiod()).not.toHaveProperty('SSL_CERT_FILE');
    mkdirSync(join(root, 'cacerts'), { recursive: true });
    writeFileSync(join(root, 'cacerts/extra.pem'), '');
    expect(istiod()?.['SSL_CERT_FILE']).toBe(join(root, 'cacerts/extra.pem'));
  });

  it('is a proxy with the Envoy of the parts, and whatever else its configuration says', () => {
    const program = containerProgram(
      { name: 'istio-proxy', image: 'docker.io/istio/proxyv2:1.29.1', args: ['proxy', 'sidecar', '--domain', '$(POD_NAMESPACE).svc'] },
      context({ POD_NAMESPACE: 'shop', PROXY_CONFIG: '{"discoveryAddress":"istiod:15012"}' }),
    );
    expect(program).toMatchObject({ program: '/bin/pilot-agent-1.29', args: ['proxy', 'sidecar', '--domain', 'shop.svc'], user: 1337 });
    expect(JSON.parse(program?.env['PROXY_CONFIG'] ?? '')).toEqual({ discoveryAddress: 'istiod:15012', binaryPath: '/bin/envoy' });
    expect(program?.env['ISTIO_BOOTSTRAP']).toBe('/bin/bootstrap-1.29.json');
  });

  it('has the agent of the version that injected it', () => {
    expect(containerProgram({ name: 'istio-proxy', image: 'proxyv2:1.28.2', args: ['proxy', 'sidecar'] }, context())).toMatchObject({
      program: '/bin/pilot-agent-1.28',
      env: { ISTIO_BOOTSTRAP: '/bin/bootstrap-1.28.json' },
    });
  });

  it('redirects traffic as root', () => {
    expect(containerProgram({ name: 'istio-init', image: 'proxyv2:1.29.1', args: ['istio-iptables', '-p', '15001'] }, context())?.user).toBeUndefined();
  });

  it('is our own application, and nothing for images of others', () => {
    expect(containerProgram({ name: 'app', image: APP_IMAGE }, context())?.program).toBe(process.execPath);
    expect(containerProgram({ name: 'db', image: 'postgres:18' }, context())).toBeUndefined();
    expect(containerProgram({ name: 'discovery', image: 'istio/pilot:1.20.0' }, context())).toBeUndefined();
    expect(containerProgram({ name: 'istio-proxy', image: 'istio/proxyv2:1.20.0', args: ['proxy'] }, context())).toBeUndefined();
  });
});

it('knows the versions that are pinned, by minor and by patch', () => {
  expect(['1.29', '1.29.1', '1.28.2', '1.2', '1.291', ''].map(istioMinorOf)).toEqual(['1.29', '1.29', '1.28', undefined, undefined, undefined]);
});
