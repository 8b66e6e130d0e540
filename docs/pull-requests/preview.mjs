// node preview.mjs INPUT.json FILE.yaml: prints, as Markdown, what the policy would change, and exits with 1 where it would be refused.
// INPUT.json is the input of policyApply but for its manifests. MESHFLEET_URL is the API, MESHFLEET_TOKEN a token of a VIEWER.
import { readFileSync } from 'node:fs';

const { MESHFLEET_URL: url, MESHFLEET_TOKEN: token } = process.env;
const files = process.argv.slice(2);
if (files.length !== 2 || url === undefined || token === undefined) {
  console.error('usage: MESHFLEET_URL=https://… MESHFLEET_TOKEN=mfa_… node preview.mjs INPUT.json FILE.yaml');
  process.exit(2);
}
const [input, manifests] = files.map((file) => readFileSync(file, 'utf8'));
const query = `query ($apply: PolicyApplyInput!) {
  policyPreview(apply: $apply) {
    totals { clusters changedClusters }
    clusters(first: 20) { pageInfo { hasNextPage } nodes { cluster { name } diff { added { diff } changed { diff } removed { diff } } conflicts { key manager } } }
    refusals { message }
    warnings { message }
    userErrors { message }
  }
}`;

function fail(...lines) {
  console.log(lines.map((line) => `**${line}**`).join('\n'));
  process.exit(1);
}

const response = await fetch(`${url}/graphql`, {
  method: 'POST',
  headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
  body: JSON.stringify({ query, variables: { apply: { ...JSON.parse(input), manifests } } }),
}).catch((error) => fail(`${url} cannot be reached: ${error.cause?.message ?? error.message}`));
const { data, errors } = await response.json().catch(() => fail(`${url} does not answer as Meshfleet does: ${response.status} ${response.statusText}`));
if (errors !== undefined) fail(...errors.map(({ message }) => message));

const { totals, clusters, refusals, warnings, userErrors } = data.policyPreview;
const refused = [...userErrors, ...refusals];
if (totals !== null) console.log(`**${totals.changedClusters} of ${totals.clusters} clusters change.**\n`);
for (const { message } of refused) console.log(`- :no_entry: ${message}`);
for (const { message } of warnings) console.log(`- :warning: ${message}`);
for (const { cluster, conflicts } of clusters.nodes) for (const { key, manager } of conflicts) console.log(`- :warning: ${cluster.name}: ${key} is ${manager ?? 'somebody else'}'s`);

// Most clusters of a fleet change alike: each difference once, and whose it is.
const alike = new Map();
for (const { cluster, diff } of clusters.nodes) {
  const text = [...diff.added, ...diff.changed, ...diff.removed].map((each) => each.diff).join('');
  alike.set(text, [...(alike.get(text) ?? []), cluster.name]);
}
alike.delete('');
for (const [text, names] of alike) console.log(`\n${names.join(', ')}:\n\n\`\`\`\`diff\n${text}\`\`\`\``);
if (clusters.pageInfo.hasNextPage) console.log(`\nThe first ${clusters.nodes.length} clusters are shown.`);
process.exitCode = refused.length === 0 ? 0 : 1;
