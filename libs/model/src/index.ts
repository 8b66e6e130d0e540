export * from './errors.ts';
export * from './kubernetes.ts';
