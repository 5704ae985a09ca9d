/**
 * One server of the bench in a process of its own: `node child.ts CONFIG SETTINGS`. Prints its URL, and ends with its
 * standard input.
 */

import { createTestHarness } from 'wrangler';

const [configPath = '', settings = '{}'] = process.argv.slice(2);
// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- written by servers.ts
const vars = JSON.parse(settings) as Record<string, string>;
const harness = createTestHarness({ workers: [{ configPath, vars }] });
const { url } = await harness.listen();
process.stdout.write(`${url.origin}\n`);
process.stdin.resume().once('end', () => {
  void harness.close().then(() => process.exit(0));
});
