import './workers.ts';
import 'graphiql/style.css';
import './page.css';
import { GraphiQL } from 'graphiql';
import { createElement } from 'react';
import { createRoot } from 'react-dom/client';
import { fetcher } from './fetcher.ts';

const EXAMPLE = `# Meshfleet's API. Press Ctrl-Space for what can stand here, Ctrl-Enter to run it.
# You belong to several organizations? Choose one under "Headers": {"meshfleet-organization": "<slug>"}
query Fleet {
  organization {
    name
    clusters(first: 20) {
      totalCount
      nodes {
        name
        status
        inSync
        kubernetesVersion
        meshRevisions { flavour revision version }
        policies(first: 10) { nodes { version status policy { name } } }
      }
    }
  }
}
`;

const root = document.getElementById('graphiql');
if (root !== null) createRoot(root).render(createElement(GraphiQL, { fetcher, defaultQuery: EXAMPLE, shouldPersistHeaders: false, isHeadersEditorEnabled: true }));
