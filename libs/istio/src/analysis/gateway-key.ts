/** `namespace/name` of a gateway as a VirtualService of `namespace` names it. */
export function gatewayKey(gateway: string, namespace: string): string {
  return gateway.includes('/') ? gateway : `${namespace}/${gateway}`;
}
