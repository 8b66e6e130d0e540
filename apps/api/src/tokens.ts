/** What the API's parts are given, by name: the bundler keeps no types at run time, so every injection names its token. */
export const STORE = Symbol('Store');
export const LOGGER = Symbol('Logger');
/** The process' figures, which /metrics shows. */
export const METRICS = Symbol('Metrics');
export const CONFIG = Symbol('ApiConfig');
/** Holds the key-encryption key; see @meshfleet/pki. */
export const CUSTODY = Symbol('Custody');
