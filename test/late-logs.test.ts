import { runInDurableObject } from 'cloudflare:test';
import { it } from 'vitest';
import { ledgerOf } from './support/ledger.ts';

const LINES = 3_000;

/** Without the buffer in test/support/watch-console.ts this file passes, but the test run never ends. */
it('an object that still prints after the end of a file does not block the test run', async ({ expect }) => {
  const printed = Promise.withResolvers<void>();
  void runInDurableObject(ledgerOf('late-logs'), async () => {
    for (let line = 0; line < LINES; line += 1) {
      // oxlint-disable-next-line no-console -- the subject of the test
      console.log(`line ${line}`);
      if (line === 20) printed.resolve();
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }).catch(() => {});
  await expect(printed.promise).resolves.toBeUndefined();
});
