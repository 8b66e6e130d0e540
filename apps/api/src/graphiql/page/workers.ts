/** Monaco asks for its workers by label; each is a file of ours, so that no script comes from elsewhere or from a blob. */
declare global {
  var MonacoEnvironment: { getWorker(workerId: string, label: string): Worker } | undefined;
}

globalThis.MonacoEnvironment = {
  getWorker(_workerId, label) {
    const name = label === 'graphql' || label === 'json' ? label : 'editor';
    return new Worker(`/graphiql/${name}.worker.js`, { type: 'module', name: label });
  },
};

export {};
