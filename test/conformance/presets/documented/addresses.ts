/** Pages of the documentation, by what comes before their path. */
export const istio = (path: string): string => `https://istio.io/latest/docs/${path}/`;
export const gatewayApi = (path: string): string => `https://gateway-api.sigs.k8s.io/${path}/`;
export const linkerd = (path: string): string => `https://linkerd.io/2-edge/${path}/`;
