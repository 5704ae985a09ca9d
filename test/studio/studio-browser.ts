import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core';
import { inject } from 'vitest';
import { mintStudioToken } from './tokens.ts';

/** The browser. */
export const EXECUTABLE = process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium';
const SHOTS = join(import.meta.dirname, '../../test-artefacts/studio');
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** Whether there is a browser: `CHROMIUM_PATH`, or Debian's Chromium. */
export const HAS_BROWSER = existsSync(EXECUTABLE);
const MISSING = `No browser at ${EXECUTABLE}: set CHROMIUM_PATH. The studio is not tested.`;
if (!HAS_BROWSER && process.env['CI'] !== undefined) throw new Error(MISSING);
if (!HAS_BROWSER) process.stderr.write(`${MISSING}\n`);

/** A page, with everything it did that the studio must not do. */
export interface Guarded {
  readonly page: Page;
  /** Errors in the console, thrown errors, and requests to other origins than the gateway and the example media. */
  readonly faults: string[];
}

export function launch(): Promise<Browser> {
  return chromium.launch({ executablePath: EXECUTABLE, args: ['--no-sandbox'] });
}

let sandboxVideo: Promise<Buffer> | null = null;

/** A playable video of 5 s. */
function readVideo(): Promise<Buffer> {
  sandboxVideo ??= fetch(`${inject('sandboxUrl')}/files/examples/interview-sandbox-two-faces-5s.mp4`).then(
    async (response) => Buffer.from(await response.arrayBuffer()),
  );
  return sandboxVideo;
}

/** Opens a page in a new profile, at the list of tasks or another screen. `https://example.com` serves the sandbox's video. */
export async function openPage(
  browser: Browser,
  options: BrowserContextOptions & { readonly origin?: string; readonly path?: string } = {},
): Promise<Guarded> {
  const { origin = inject('studioUrl'), path = '#/tasks', ...contextOptions } = options;
  const context = await browser.newContext({
    viewport: { width: 1280, height: 1400 },
    // Without transitions, so that axe sees the final colours.
    reducedMotion: 'reduce',
    ...contextOptions,
  });
  const faults: string[] = [];
  const video = await readVideo();
  await context.route('**/*', async (route) => {
    const url = new URL(route.request().url());
    if (url.origin === origin || url.origin === inject('sandboxUrl')) return route.continue();
    if (url.origin === 'https://example.com' && url.pathname.endsWith('.mp4')) {
      return route.fulfill({ body: video, contentType: 'video/mp4' });
    }
    faults.push(`request to ${url.href}`);
    return route.abort();
  });
  context.setDefaultTimeout(12_000);
  const page = await context.newPage();
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') faults.push(`console: ${message.text()}`);
  });
  page.on('pageerror', (error) => faults.push(`thrown: ${error.message}`));
  page.on('websocket', (socket) => {
    if (new URL(socket.url()).host !== new URL(origin).host) faults.push(`socket to ${socket.url()}`);
  });
  await page.goto(`${origin}/${path}`);
  return { page, faults };
}

/** Signs in by pasting the token. */
export async function signIn(page: Page, tenant: string): Promise<void> {
  await page.getByLabel('Access token').fill(await mintStudioToken(tenant));
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByText('Live', { exact: true }).waitFor();
}

export async function shoot(page: Page, name: string): Promise<void> {
  mkdirSync(SHOTS, { recursive: true });
  await page.screenshot({ path: join(SHOTS, `${name}.png`), fullPage: true });
}

/** Records the inputs of one mutation that the page sends. */
export function recordInputs(page: Page, mutation: string): readonly Record<string, unknown>[] {
  const inputs: Record<string, unknown>[] = [];
  page.on('request', (request) => {
    if (!request.url().endsWith('/graphql')) return;
    const { query = '', variables } = (request.postDataJSON() ?? {}) as {
      query?: string;
      variables?: Record<string, Record<string, unknown>>;
    };
    if (query.includes(`mutation ${mutation}(`)) inputs.push(variables?.['input'] ?? variables ?? {});
  });
  return inputs;
}

/** Copies an action, and returns the text of the clipboard. The page needs the permission to read it. */
export async function copyAs(page: Page, action: string, form: 'GraphQL' | 'curl'): Promise<string> {
  const group = page.getByRole('group', { name: `Copy “${action}” as code` });
  await group.getByRole('button', { name: `Copy as ${form}` }).click();
  await group.getByText(`Copied as ${form}`).waitFor();
  return page.evaluate(() => navigator.clipboard.readText());
}

interface Violation {
  readonly id: string;
  readonly impact: string;
  readonly help: string;
  readonly nodes: readonly { readonly html: string; readonly failureSummary: string }[];
}

/** Returns the findings of axe that are serious or worse. */
export async function seriousFindings(page: Page): Promise<readonly string[]> {
  // Injected by the debugger, so that the content security policy stays in force.
  await page.evaluate(AXE);
  const violations = (await page.evaluate('axe.run().then(({ violations }) => violations)')) as Violation[];
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(
      ({ id, help, nodes }) =>
        `${id}: ${help}: ${nodes.map(({ html, failureSummary }) => `${html} ${failureSummary}`).join(' | ')}`,
    );
}
