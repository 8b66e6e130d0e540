import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { chromium, type Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { applyPolicy } from '../../apps/demo/src/policies.ts';
import { until } from '../../apps/demo/src/seed.ts';
import { SHOP_BASELINE } from '../../apps/demo/src/tour/manifests.ts';
import { openFleet, type OpenFleet } from '../e2e/open-fleet.ts';

/** Browser downloads do not work everywhere: the system's own is used, or MESHFLEET_CHROMIUM names another. */
const CANDIDATES = [process.env['MESHFLEET_CHROMIUM'], '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const executablePath = CANDIDATES.find((path) => path !== undefined && existsSync(path));
const QUIET = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];

describe.skipIf(executablePath === undefined)('the explorer in a browser (needs Chromium on the machine)', () => {
  let open: OpenFleet;
  let browser: Browser;
  beforeAll(async () => {
    open = await openFleet();
    await pushBaseline(open);
    browser = await chromium.launch({ executablePath: executablePath ?? '', args: QUIET });
  }, 180_000);
  afterAll(async () => {
    await browser.close();
    await open.close();
  }, 60_000);

  it('signs in by the printed link, runs a query, and asks no other host', async () => {
    const page = await browser.newPage({ viewport: { width: 1400, height: 1100 } });
    const foreign: string[] = [];
    const refused: string[] = [];
    page.on('request', (request) => {
      if (!/^(blob|data):/.test(request.url()) && !request.url().startsWith(open.fleet.url)) foreign.push(request.url());
    });
    page.on('console', (message) => {
      if (message.type() === 'error') refused.push(message.text());
    });
    await page.goto(`${open.fleet.url}/signin?token=${open.token}`);
    await page.waitForURL(`${open.fleet.url}/graphiql`);
    await page.locator('.graphiql-query-editor').getByText('organization').first().waitFor({ timeout: 60_000 });
    const answered = page.waitForResponse((response) => (response.request().postData() ?? '').includes('query Fleet'));
    await page.click('button[aria-label^="Execute"]', { timeout: 60_000 });
    expect(await (await answered).text()).toContain('shop-baseline');
    await page.locator('.graphiql-response').getByText('"frankfurt"').first().waitFor({ timeout: 30_000 });
    const box = await page.locator('.graphiql-container').boundingBox();
    expect(box?.height).toBeGreaterThan(1050);
    expect(foreign).toEqual([]);
    expect(refused).toEqual([]);
    const folder = process.env['MESHFLEET_SCREENSHOTS'];
    if (folder !== undefined) {
      mkdirSync(folder, { recursive: true });
      await page.screenshot({ path: join(folder, 'explorer.png') });
    }
    await page.close();
  }, 120_000);

  it('shows nothing to those who are not signed in', async () => {
    const page = await browser.newPage();
    const response = await page.goto(`${open.fleet.url}/graphiql`);
    expect(response?.status()).toBe(401);
    expect(await page.textContent('body')).toContain('Sign in first');
    await page.close();
  });
});

/** Something worth looking at: a policy applied in the two production clusters. */
async function pushBaseline({ client }: OpenFleet): Promise<void> {
  await applyPolicy(client, { name: 'shop-baseline', manifests: SHOP_BASELINE, clusterSelector: 'env=prod' });
  await until('the policy is applied', 30_000, async () => {
    const { policy } = await client.request<{ policy: { summary: { applied: number } } }>('{ policy(name: "shop-baseline") { summary { applied } } }');
    return policy.summary.applied === 2;
  });
}
