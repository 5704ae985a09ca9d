import { it } from 'vitest';
import { sleep } from '../../src/lib/time.ts';

it('sleep resolves after its time', async ({ expect }) => {
  await expect(sleep(1, new AbortController().signal)).resolves.toBeUndefined();
});

it('sleep rejects with the reason of an abort, before and during the wait', async ({ expect }) => {
  const controller = new AbortController();
  const waiting = sleep(600_000, controller.signal);
  controller.abort(new Error('enough'));
  await expect(waiting).rejects.toThrow('enough');
  await expect(sleep(600_000, controller.signal)).rejects.toThrow('enough');
});
