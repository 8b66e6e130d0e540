import type { DocumentedPattern } from '../compare-with-pattern.ts';
import { istio } from './addresses.ts';

const GATEWAYS = 'Gateway.networking.istio.io';
const ROUTES = 'VirtualService.networking.istio.io';
const RULES = 'DestinationRule.networking.istio.io';
const ENTRIES = 'ServiceEntry.networking.istio.io';

const FULL_NAME = 'A bare name is looked up in the namespace of the VirtualService. The preset demands the full name, so that a move of the object moves no traffic.';
const ONE_RULE_A_PREFIX = 'The page sends two prefixes by one rule. The preset writes a rule for each route, and a prefix as whole segments: /status and what lies below it, but not /statuses.';
const EXPLICIT_LOCATION = 'MESH_EXTERNAL is what the default means too; it is said because a mesh’s own hosts can stand in ServiceEntries as well.';
const EXPLICIT_EXPORT = 'Said, lest the mesh’s default be narrower: workloads of all namespaces are to find the gateway.';
const NO_WEIGHT = 'A single destination gets everything, with a weight and without.';
const QUALIFIED = 'With its namespace: a bare name would be looked up beside the VirtualService alone.';

export const gatewayPatterns: readonly DocumentedPattern[] = [
  {
    preset: 'ingress-gateway',
    page: istio('tasks/traffic-management/ingress/secure-ingress'),
    parameters: {
      name: 'mygateway',
      namespace: 'default',
      hosts: ['httpbin.example.com'],
      tls: { credentialName: 'httpbin-credential' },
      routes: [{ pathPrefix: '/status', service: 'httpbin.default.svc.cluster.local', port: 8000 }, { pathPrefix: '/delay', service: 'httpbin.default.svc.cluster.local', port: 8000 }],
    },
    objects: [
      {
        kind: GATEWAYS,
        'metadata.name': 'mygateway',
        'spec.selector.istio': 'ingressgateway',
        'spec.servers.0.port.number': 443,
        'spec.servers.0.port.name': 'https',
        'spec.servers.0.port.protocol': 'HTTPS',
        'spec.servers.0.tls.mode': 'SIMPLE',
        'spec.servers.0.tls.credentialName': 'httpbin-credential',
        'spec.servers.0.hosts': ['httpbin.example.com'],
      },
      {
        kind: ROUTES,
        'spec.hosts': ['httpbin.example.com'],
        'spec.gateways': ['mygateway'],
        'spec.http.0.match.0.uri.prefix': '/status',
        'spec.http.0.match.1.uri.prefix': '/delay',
        'spec.http.0.route.0.destination.host': 'httpbin',
        'spec.http.0.route.0.destination.port.number': 8000,
      },
    ],
    differences: {
      'Gateway spec.servers.0.tls.minProtocolVersion': 'Istio’s own least is TLS 1.2 too; said, so that it can be read and raised.',
      'Gateway spec.servers.1': 'Plain HTTP is answered with a redirect to https, as the reference of the Gateway shows it. Switched off by redirectHttp.',
      'VirtualService spec.gateways': QUALIFIED,
      'VirtualService spec.http.0.match': ONE_RULE_A_PREFIX,
      'VirtualService spec.http.1': ONE_RULE_A_PREFIX,
      'VirtualService spec.http.0.route.0.destination.host': FULL_NAME,
    },
  },
  {
    preset: 'egress-gateway',
    page: istio('tasks/traffic-management/egress/egress-gateway-tls-origination'),
    parameters: {
      name: 'nginx',
      gateway: { namespace: 'istio-system', host: 'istio-egressgateway.istio-system.svc.cluster.local' },
      destinations: [{ host: 'nginx.example.com', clientCredential: 'client-credential' }],
    },
    objects: [
      { kind: ENTRIES, 'metadata.name': 'nginx', 'spec.hosts': ['nginx.example.com'], 'spec.ports.0.number': 80, 'spec.ports.0.name': 'http', 'spec.ports.0.protocol': 'HTTP', 'spec.ports.1.number': 443, 'spec.ports.1.name': 'https', 'spec.ports.1.protocol': 'HTTPS', 'spec.resolution': 'DNS' },
      { kind: GATEWAYS, 'spec.selector.istio': 'egressgateway', 'spec.servers.0.port.number': 443, 'spec.servers.0.port.name': 'https', 'spec.servers.0.port.protocol': 'HTTPS', 'spec.servers.0.hosts': ['nginx.example.com'], 'spec.servers.0.tls.mode': 'ISTIO_MUTUAL' },
      {
        kind: RULES,
        'spec.host': 'istio-egressgateway.istio-system.svc.cluster.local',
        'spec.subsets.0.name': 'nginx',
        'spec.subsets.0.trafficPolicy.loadBalancer.simple': 'ROUND_ROBIN',
        'spec.subsets.0.trafficPolicy.portLevelSettings.0.port.number': 443,
        'spec.subsets.0.trafficPolicy.portLevelSettings.0.tls.mode': 'ISTIO_MUTUAL',
        'spec.subsets.0.trafficPolicy.portLevelSettings.0.tls.sni': 'nginx.example.com',
      },
      {
        kind: ROUTES,
        'spec.hosts': ['nginx.example.com'],
        'spec.gateways': ['istio-egressgateway', 'mesh'],
        'spec.http.0.match.0.gateways': ['mesh'],
        'spec.http.0.match.0.port': 80,
        'spec.http.0.route.0.destination.host': 'istio-egressgateway.istio-system.svc.cluster.local',
        'spec.http.0.route.0.destination.subset': 'nginx',
        'spec.http.0.route.0.destination.port.number': 443,
        'spec.http.0.route.0.weight': 100,
        'spec.http.1.match.0.gateways': ['istio-egressgateway'],
        'spec.http.1.match.0.port': 443,
        'spec.http.1.route.0.destination.host': 'nginx.example.com',
        'spec.http.1.route.0.destination.port.number': 443,
        'spec.http.1.route.0.weight': 100,
      },
      {
        kind: RULES,
        'metadata.namespace': 'istio-system',
        'spec.host': 'nginx.example.com',
        'spec.trafficPolicy.loadBalancer.simple': 'ROUND_ROBIN',
        'spec.trafficPolicy.portLevelSettings.0.port.number': 443,
        'spec.trafficPolicy.portLevelSettings.0.tls.mode': 'MUTUAL',
        'spec.trafficPolicy.portLevelSettings.0.tls.credentialName': 'client-credential',
        'spec.trafficPolicy.portLevelSettings.0.tls.sni': 'nginx.example.com',
      },
    ],
    differences: {
      'ServiceEntry spec.exportTo': EXPLICIT_EXPORT,
      'ServiceEntry spec.location': EXPLICIT_LOCATION,
      'ServiceEntry spec.ports.0.name': 'A ServiceEntry may have two ports of one protocol, whose names must differ: the number is part of the name.',
      'ServiceEntry spec.ports.1.name': 'A ServiceEntry may have two ports of one protocol, whose names must differ: the number is part of the name.',
      'DestinationRule spec.subsets.0.trafficPolicy.loadBalancer': 'How endpoints are chosen has nothing to do with the task: the mesh’s own way stays.',
      'DestinationRule#2 spec.trafficPolicy.loadBalancer': 'How endpoints are chosen has nothing to do with the task: the mesh’s own way stays.',
      'DestinationRule#2 spec.exportTo': 'For the gateway alone: a rule that all namespaces see would make workloads begin TLS themselves when they call past it.',
      'DestinationRule#2 spec.workloadSelector': 'For the gateway alone: a rule that all namespaces see would make workloads begin TLS themselves when they call past it.',
      'DestinationRule#2 spec.trafficPolicy.portLevelSettings.0.tls.subjectAltNames': 'Without names the gateway takes any certificate of the same authority for the host’s. Recommended by Istio’s page on security practices.',
      'VirtualService spec.gateways': QUALIFIED,
      'VirtualService spec.http.1.match.0.gateways': QUALIFIED,
      'VirtualService spec.http.0.route.0.weight': NO_WEIGHT,
      'VirtualService spec.http.1.route.0.weight': NO_WEIGHT,
    },
  },
  {
    preset: 'egress-gateway',
    page: istio('tasks/traffic-management/egress/egress-gateway'),
    parameters: { name: 'cnn', gateway: { namespace: 'istio-system', host: 'istio-egressgateway.istio-system.svc.cluster.local' }, destinations: [{ host: 'edition.cnn.com', tls: 'PASS_THROUGH' }] },
    objects: [
      { kind: ENTRIES, 'metadata.name': 'cnn', 'spec.hosts': ['edition.cnn.com'], 'spec.ports.0.number': 443, 'spec.ports.0.name': 'tls', 'spec.ports.0.protocol': 'TLS', 'spec.resolution': 'DNS' },
      { kind: GATEWAYS, 'spec.selector.istio': 'egressgateway', 'spec.servers.0.port.number': 443, 'spec.servers.0.port.name': 'tls', 'spec.servers.0.port.protocol': 'TLS', 'spec.servers.0.hosts': ['edition.cnn.com'], 'spec.servers.0.tls.mode': 'PASSTHROUGH' },
      { kind: RULES, 'spec.host': 'istio-egressgateway.istio-system.svc.cluster.local', 'spec.subsets.0.name': 'cnn' },
      {
        kind: ROUTES,
        'spec.hosts': ['edition.cnn.com'],
        'spec.gateways': ['mesh', 'istio-egressgateway'],
        'spec.tls.0.match.0.gateways': ['mesh'],
        'spec.tls.0.match.0.port': 443,
        'spec.tls.0.match.0.sniHosts': ['edition.cnn.com'],
        'spec.tls.0.route.0.destination.host': 'istio-egressgateway.istio-system.svc.cluster.local',
        'spec.tls.0.route.0.destination.subset': 'cnn',
        'spec.tls.0.route.0.destination.port.number': 443,
        'spec.tls.1.match.0.gateways': ['istio-egressgateway'],
        'spec.tls.1.match.0.port': 443,
        'spec.tls.1.match.0.sniHosts': ['edition.cnn.com'],
        'spec.tls.1.route.0.destination.host': 'edition.cnn.com',
        'spec.tls.1.route.0.destination.port.number': 443,
        'spec.tls.1.route.0.weight': 100,
      },
    ],
    differences: {
      'ServiceEntry spec.exportTo': EXPLICIT_EXPORT,
      'ServiceEntry spec.location': EXPLICIT_LOCATION,
      'ServiceEntry spec.ports.0.name': 'A ServiceEntry may have two ports of one protocol, whose names must differ: the number is part of the name.',
      DestinationRule: 'The page’s subset has neither labels nor settings: it is the gateway’s whole Service under another name.',
      'VirtualService spec.tls.0.route.0.destination.subset': 'The page’s subset has neither labels nor settings: it is the gateway’s whole Service under another name.',
      'VirtualService spec.gateways': QUALIFIED,
      'VirtualService spec.tls.1.match.0.gateways': QUALIFIED,
      'VirtualService spec.tls.1.route.0.weight': NO_WEIGHT,
    },
  },
];
