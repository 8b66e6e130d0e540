import { onRealNodes, type IstioMinor, type IstioOptions } from '@meshfleet/cluster-real';
import { WORLD_SERVICE } from './outside-world.ts';
import { DRAIN } from './stage.ts';

/** A log on the proxies' standard output whose lines tell path, status and whether a policy of the action AUDIT has marked the request. */
export const LOG_PROVIDER = 'proof-log';
/** Takes spans in Zipkin's JSON: this process. */
export const SPAN_PROVIDER = 'proof-spans';
/** Leads to the control plane by a name that stays when its revision changes. */
export const REVISION_TAG = 'proof-stable';

/** How Istio is installed to prove presets on: providers of logs and spans, keys fetched often, from hosts that `issuersRoot` vouches for, gateways where pods run for real. */
export function meshSettings(version: IstioMinor, issuersRoot: string): IstioOptions {
  const { host, spansPort } = WORLD_SERVICE;
  return {
    version,
    env: { PILOT_JWT_PUB_KEY_REFRESH_INTERVAL: '1s' },
    meshConfig: {
      defaultConfig: { drainDuration: DRAIN },
      extensionProviders: [
        { name: LOG_PROVIDER, envoyFileAccessLog: { path: '/dev/stdout', logFormat: { text: 'proof %REQ(:METHOD)% %REQ(:PATH)% %RESPONSE_CODE% audited=%DYNAMIC_METADATA(envoy.common:access_log_hint)%\n' } } },
        { name: SPAN_PROVIDER, zipkin: { service: host, port: spansPort } },
      ],
    },
    values: { jwksResolverExtraRootCA: issuersRoot, revisionTags: [REVISION_TAG], gatewayClasses: { istio: { deployment: { spec: { template: { spec: onRealNodes } } } } } },
  };
}
