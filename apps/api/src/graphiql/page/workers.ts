/** Monaco asks for its workers by label; each is a file of ours, so that no script comes from elsewhere or from a blob. */
Object.assign(globalThis, {
  MonacoEnvironment: {
    getWorker(_workerId: string, label: string): Worker {
      const name = label === 'graphql' || label === 'json' ? label : 'editor';
      return new Worker(`/graphiql/${name}.worker.js`, { type: 'module', name: label });
    },
  },
});

export {};
