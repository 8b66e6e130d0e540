import type { DocumentedPattern } from '../compare-with-pattern.ts';
import { istio } from './addresses.ts';

const ROUTES = 'VirtualService.networking.istio.io';
const RULES = 'DestinationRule.networking.istio.io';

const NAMED_RULES = 'Names the rule: access logs then say by which a request went.';
const SUBSETS_ELSEWHERE = 'The page takes the subsets from the rules of its sample application. The preset brings those that its routes name.';
const OF_THE_SUBSETS = { 'DestinationRule': SUBSETS_ELSEWHERE };

export const trafficPatterns: readonly DocumentedPattern[] = [
  {
    preset: 'weighted-canary',
    page: istio('tasks/traffic-management/traffic-shifting'),
    parameters: { namespace: 'default', host: 'reviews', subsets: [{ name: 'v1', labels: { version: 'v1' }, weight: 50 }, { name: 'v3', labels: { version: 'v3' }, weight: 50 }] },
    objects: [
      {
        kind: ROUTES,
        'metadata.name': 'reviews',
        'spec.hosts': ['reviews'],
        'spec.http.0.route.0.destination.host': 'reviews',
        'spec.http.0.route.0.destination.subset': 'v1',
        'spec.http.0.route.0.weight': 50,
        'spec.http.0.route.1.destination.host': 'reviews',
        'spec.http.0.route.1.destination.subset': 'v3',
        'spec.http.0.route.1.weight': 50,
      },
    ],
    differences: { ...OF_THE_SUBSETS, 'VirtualService spec.http.0.name': NAMED_RULES },
  },
  {
    preset: 'blue-green',
    page: istio('tasks/traffic-management/mirroring'),
    parameters: { namespace: 'default', host: 'httpbin', blue: { version: 'v1' }, green: { version: 'v2' }, active: 'BLUE' },
    // The page's first step: all to one of two versions that are both defined.
    objects: [
      { kind: ROUTES, 'metadata.name': 'httpbin', 'spec.hosts': ['httpbin'], 'spec.http.0.route.0.destination.host': 'httpbin', 'spec.http.0.route.0.destination.subset': 'v1', 'spec.http.0.route.0.weight': 100 },
      { kind: RULES, 'spec.host': 'httpbin', 'spec.subsets.0.name': 'v1', 'spec.subsets.0.labels.version': 'v1', 'spec.subsets.1.name': 'v2', 'spec.subsets.1.labels.version': 'v2' },
    ],
    differences: {
      'VirtualService spec.http.0.name': NAMED_RULES,
      'VirtualService spec.http.0.route.0.weight': 'A single destination gets everything, with a weight and without.',
      'VirtualService spec.http.0.route.0.destination.subset': 'The subsets are called by their colour, which stays while versions come and go.',
      'DestinationRule spec.subsets.0.name': 'The subsets are called by their colour, which stays while versions come and go.',
      'DestinationRule spec.subsets.1.name': 'The subsets are called by their colour, which stays while versions come and go.',
    },
  },
  {
    preset: 'ab-test',
    page: istio('tasks/traffic-management/request-routing'),
    parameters: { namespace: 'default', host: 'reviews', control: { name: 'v1', labels: { version: 'v1' } }, variants: [{ name: 'v2', labels: { version: 'v2' }, cohorts: [{ by: 'HEADER', name: 'end-user', value: 'jason' }] }] },
    objects: [
      {
        kind: ROUTES,
        'metadata.name': 'reviews',
        'spec.hosts': ['reviews'],
        'spec.http.0.match.0.headers.end-user.exact': 'jason',
        'spec.http.0.route.0.destination.host': 'reviews',
        'spec.http.0.route.0.destination.subset': 'v2',
        'spec.http.1.route.0.destination.host': 'reviews',
        'spec.http.1.route.0.destination.subset': 'v1',
      },
    ],
    differences: { ...OF_THE_SUBSETS, 'VirtualService spec.http.0.name': NAMED_RULES, 'VirtualService spec.http.1.name': NAMED_RULES },
  },
  {
    preset: 'traffic-mirroring',
    page: istio('tasks/traffic-management/mirroring'),
    parameters: { namespace: 'default', host: 'httpbin', live: { version: 'v1' }, mirror: { labels: { version: 'v2' } } },
    objects: [
      {
        kind: ROUTES,
        'metadata.name': 'httpbin',
        'spec.hosts': ['httpbin'],
        'spec.http.0.route.0.destination.host': 'httpbin',
        'spec.http.0.route.0.destination.subset': 'v1',
        'spec.http.0.route.0.weight': 100,
        'spec.http.0.mirror.host': 'httpbin',
        'spec.http.0.mirror.subset': 'v2',
        'spec.http.0.mirrorPercentage.value': 100,
      },
      { kind: RULES, 'spec.host': 'httpbin', 'spec.subsets.0.name': 'v1', 'spec.subsets.0.labels.version': 'v1', 'spec.subsets.1.name': 'v2', 'spec.subsets.1.labels.version': 'v2' },
    ],
    differences: {
      'VirtualService spec.http.0.name': NAMED_RULES,
      'VirtualService spec.http.0.route.0.weight': 'A single destination gets everything, with a weight and without.',
      'VirtualService spec.http.0.route.0.destination.subset': 'The subsets are called by their part in it, which stays while versions come and go.',
      'VirtualService spec.http.0.mirror.subset': 'The subsets are called by their part in it, which stays while versions come and go.',
      'DestinationRule spec.subsets.0.name': 'The subsets are called by their part in it, which stays while versions come and go.',
      'DestinationRule spec.subsets.1.name': 'The subsets are called by their part in it, which stays while versions come and go.',
    },
  },
  {
    preset: 'least-request',
    page: istio('reference/config/networking/destination-rule'),
    parameters: { namespace: 'prod', host: 'ratings.prod.svc.cluster.local' },
    objects: [{ kind: RULES, 'spec.host': 'ratings.prod.svc.cluster.local', 'spec.trafficPolicy.loadBalancer.simple': 'LEAST_REQUEST' }],
  },
  {
    preset: 'round-robin',
    page: istio('reference/config/networking/destination-rule'),
    parameters: { namespace: 'prod', host: 'ratings.prod.svc.cluster.local' },
    objects: [{ kind: RULES, 'spec.host': 'ratings.prod.svc.cluster.local', 'spec.trafficPolicy.loadBalancer.simple': 'ROUND_ROBIN' }],
  },
  {
    preset: 'consistent-hash',
    page: istio('reference/config/networking/destination-rule'),
    parameters: { namespace: 'prod', host: 'ratings.prod.svc.cluster.local', key: { by: 'COOKIE', name: 'user', ttl: '0s' } },
    objects: [{ kind: RULES, 'spec.host': 'ratings.prod.svc.cluster.local', 'spec.trafficPolicy.loadBalancer.consistentHash.httpCookie.name': 'user', 'spec.trafficPolicy.loadBalancer.consistentHash.httpCookie.ttl': '0s' }],
    differences: {
      'DestinationRule spec.trafficPolicy.loadBalancer.consistentHash.ringHash': 'The size of the ring that Istio takes anyway, said because the choice of the algorithm is a parameter.',
      'DestinationRule spec.trafficPolicy.loadBalancer.consistentHash.httpCookie.path': 'Without a path browsers send the cookie only below the path of the first request, and a caller changes its endpoint as it moves about.',
    },
  },
  {
    preset: 'locality-balancing',
    page: istio('tasks/traffic-management/locality-load-balancing/distribute'),
    parameters: {
      namespace: 'sample',
      host: 'helloworld.sample.svc.cluster.local',
      distribute: [{ from: 'region1/zone1/*', to: [{ locality: 'region1/zone1/*', weight: 70 }, { locality: 'region1/zone2/*', weight: 20 }, { locality: 'region3/zone4/*', weight: 10 }] }],
      outlierDetection: { consecutive5xxErrors: 100, interval: '1s', baseEjectionTime: '1m' },
    },
    objects: [
      {
        kind: RULES,
        'spec.host': 'helloworld.sample.svc.cluster.local',
        'spec.trafficPolicy.loadBalancer.localityLbSetting.enabled': true,
        'spec.trafficPolicy.loadBalancer.localityLbSetting.distribute.0.from': 'region1/zone1/*',
        'spec.trafficPolicy.loadBalancer.localityLbSetting.distribute.0.to[region1/zone1/*]': 70,
        'spec.trafficPolicy.loadBalancer.localityLbSetting.distribute.0.to[region1/zone2/*]': 20,
        'spec.trafficPolicy.loadBalancer.localityLbSetting.distribute.0.to[region3/zone4/*]': 10,
        'spec.trafficPolicy.outlierDetection.consecutive5xxErrors': 100,
        'spec.trafficPolicy.outlierDetection.interval': '1s',
        'spec.trafficPolicy.outlierDetection.baseEjectionTime': '1m',
      },
    ],
    differences: { 'DestinationRule spec.trafficPolicy.outlierDetection.maxEjectionPercent': 'Istio’s own 10 % means that at most one endpoint of ten or fewer is ever out. The preset says 50 unless told otherwise.' },
  },
];
