export * from './errors.ts';
export * from './kubernetes.ts';
export * from './label-selector.ts';
