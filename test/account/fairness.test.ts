import { describe, it } from 'vitest';
import { env, ledgerOf, openSandbox, valueOf } from '../support/ledger.ts';

const SLOTS = 3;
const TENANTS = 10;
const TASKS_OF_EACH = 20;

const sandbox = openSandbox('fairness');

const voice = (tenant: number, task: number) => ({
  name: `Voice ${task}`,
  sample: { url: 'https://example.com/voice.mp3' },
  externalId: `${tenant}-${task}`,
});

describe('ten tenants with twenty tasks each, all at once, on an account with three slots', () => {
  it('finish all tasks, at most three at a time, and each tenant’s first is sent before any tenant’s last', async ({
    expect,
  }) => {
    await sandbox.configure({ concurrency: SLOTS, submittedMs: 20, processingMs: 60 });
    const tenants = Array.from({ length: TENANTS }, (_, tenant) => ledgerOf(`tenant-${tenant}`));
    const made = await Promise.all(
      tenants.flatMap((ledger, tenant) =>
        Array.from({ length: TASKS_OF_EACH }, async (_, task) => {
          const record = valueOf(await ledger.createVoiceTask(voice(tenant, task)));
          return { id: record.id, tenant };
        }),
      ),
    );

    const unfinished = { kind: null, statuses: ['QUEUED', 'SUBMITTED', 'PROCESSING'] as const };
    const left = async (): Promise<number> => {
      const lists = await Promise.all(
        tenants.map(async (ledger) => ledger.tasks(unfinished, { first: 100, after: null })),
      );
      // A read advances a task as a poll does. This test sends no callbacks.
      const running = lists.flatMap((list) => valueOf(list).edges.map(({ node }) => node.externalId ?? ''));
      await Promise.all(running.map((externalId) => tenants[Number(externalId.split('-')[0])]!.task({ externalId })));
      return running.length;
    };
    await expect.poll(left, { timeout: 110_000, interval: 100 }).toBe(0);

    const { tasks, inFlightMax } = await sandbox.record();
    expect(tasks).toHaveLength(TENANTS * TASKS_OF_EACH);
    expect(tasks.every(({ status }) => status === 'succeed')).toBe(true);
    expect(inFlightMax).toBeLessThanOrEqual(SLOTS);
    expect(await env.KLING_ACCOUNT.getByName('account').status()).toMatchObject({ slotsHeld: 0, waiting: 0 });

    const tenantOf = new Map(made.map(({ id, tenant }) => [id, tenant]));
    const order = tasks.map(({ externalTaskId }) => tenantOf.get(externalTaskId ?? ''));
    const firsts = Array.from({ length: TENANTS }, (_, tenant) => order.indexOf(tenant));
    const lasts = Array.from({ length: TENANTS }, (_, tenant) => order.lastIndexOf(tenant));
    expect(Math.max(...firsts)).toBeLessThan(Math.min(...lasts));
  }, 120_000);
});
