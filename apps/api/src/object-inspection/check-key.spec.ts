import { MeshfleetError } from '@meshfleet/model';
import { describe, expect, it } from 'vitest';
import { checkKey } from './check-key.ts';

function fixOf(key: string): string | undefined {
  try {
    checkKey(key);
  } catch (error) {
    if (error instanceof MeshfleetError) return error.fix;
    throw error;
  }
  return undefined;
}

describe('the key of an object', () => {
  it.each(['VirtualService.networking.istio.io/shop/reviews', 'Namespace/shop', 'ConfigMap/shop/settings', 'GatewayClass.gateway.networking.k8s.io/istio', 'Widget.example.com/shop/theirs'])('may be %s', (key) => {
    expect(fixOf(key)).toBeUndefined();
  });

  it.each([
    ['foo', 'Write it as in VirtualService.networking.istio.io/shop/reviews or Namespace/shop.'],
    ['', 'Write it as in VirtualService.networking.istio.io/shop/reviews or Namespace/shop.'],
    ['VirtualService/shop/reviews', 'Did you mean VirtualService.networking.istio.io/shop/reviews?'],
    ['virtualservice/shop/reviews', 'Did you mean VirtualService.networking.istio.io/shop/reviews?'],
    ['VirtualServce.networking.istio.io/shop/reviews', 'Did you mean VirtualService.networking.istio.io/shop/reviews?'],
    ['VirtualService.networking.istio.io/reviews', 'Write VirtualService.networking.istio.io/NAMESPACE/reviews.'],
    ['GatewayClass.gateway.networking.k8s.io/shop/istio', 'Write GatewayClass.gateway.networking.k8s.io/istio.'],
  ])('cannot be "%s", and it is said what was meant', (key, fix) => {
    expect(fixOf(key)).toBe(fix);
  });
});
