import { env } from 'cloudflare:workers';
import { it } from 'vitest';
it('makes a voice', async ({ expect }) => {
  const ledger = env.TASK_LEDGER.getByName('smoke');
  const made = await ledger.createVoice({ name: 'A', source: { url: 'https://example.com/a.mp3' }, externalId: 'x1' });
  console.log(JSON.stringify(made));
  await expect.poll(async () => (await ledger.task({ externalId: 'x1' }))?.status).toBe('SUCCEEDED');
  console.log(JSON.stringify(await ledger.task({ externalId: 'x1' })));
  console.log(JSON.stringify(await ledger.events(null, { first: 10, after: null })));
});
