import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { chromium, type Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
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
    browser = await chromium.launch({ executablePath: executablePath ?? '', args: QUIET });
  }, 180_000);
  afterAll(async () => {
    await browser.close();
    await open.close();
  }, 60_000);

  it('signs in by the printed link, runs a query, and asks no other host', async () => {
    const page = await browser.newPage({ viewport: { width: 1400, height: 900 } });
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
    await page.click('button[aria-label^="Execute"]', { timeout: 60_000 });
    const answer = page.locator('.graphiql-response');
    await answer.getByText('"frankfurt"').first().waitFor({ timeout: 30_000 });
    const box = await page.locator('.graphiql-container').boundingBox();
    expect(box?.height).toBeGreaterThan(850);
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
