import { runInDurableObject } from 'cloudflare:test';
import { exports } from 'cloudflare:workers';
import { describe, it } from 'vitest';
import { ledgerOf, openSandbox, valueOf, voiceInput } from '../support/ledger.ts';
import { bearer } from '../support/token.ts';

const PRESETS = '/v1/general/presets-voices';
const VOICE_TASKS = '/v1/general/custom-voices';
const PER_MINUTE = 6;

const sandbox = openSandbox('upstream-reads', { TENANT_UPSTREAM_READS_PER_MINUTE: String(PER_MINUTE) });

interface Answer {
  readonly data: Record<string, unknown> | null;
  readonly errors?: readonly { readonly path: readonly string[]; readonly extensions: Record<string, unknown> }[];
}

async function ask(tenant: string, query: string): Promise<Answer> {
  const response = await exports.default.fetch('https://gateway.test/graphql', {
    method: 'POST',
    headers: { authorization: await bearer(tenant), 'content-type': 'application/json' },
    body: JSON.stringify({ query }),
  });
  return response.json();
}

/** Builds twenty fields of one query, each under an alias. */
function twenty(field: (n: number) => string): string {
  return Array.from({ length: 20 }, (_, n) => `f${n}: ${field(n)}`).join(' ');
}

describe('a tenant that floods Kling with the fields of one query', () => {
  it('for the preset voices causes one read of the library, and none in the next query', async ({ expect }) => {
    const query = `{ ${twenty((n) => `presetVoices(first: ${n + 1}) { edges { node { id } } }`)} }`;
    const { data, errors } = await ask('presets', query);
    expect(errors).toBeUndefined();
    expect(data?.['f19']).toMatchObject({ edges: { length: 20 } });
    // One read is for the page with the voices, and one for the empty page after it.
    expect(await sandbox.count('GET', PRESETS)).toBe(2);
    expect((await ask('others', query)).errors).toBeUndefined();
    expect(await sandbox.count('GET', PRESETS)).toBe(2);
  });

  it('for one page of Kling’s list causes one read', async ({ expect }) => {
    const before = await sandbox.count('GET', VOICE_TASKS);
    const { errors } = await ask(
      'aliases',
      `{ operator { ${twenty(() => 'klingTasks(list: CUSTOM_VOICES) { page }')} } }`,
    );
    expect(errors).toBeUndefined();
    expect((await sandbox.count('GET', VOICE_TASKS)) - before).toBe(1);
  });

  it('for different pages is refused above its reads a minute, and other tenants are not', async ({ expect }) => {
    const before = await sandbox.count('GET', VOICE_TASKS);
    const query = `{ operator { ${twenty((n) => `klingTasks(list: CUSTOM_VOICES, page: ${n + 1}) { page }`)} } }`;
    const { errors = [] } = await ask('pages', query);
    expect((await sandbox.count('GET', VOICE_TASKS)) - before).toBe(PER_MINUTE);
    expect(errors).toHaveLength(20 - PER_MINUTE);
    for (const { extensions } of errors) {
      expect(extensions).toMatchObject({ code: 'RATE_LIMITED', retryable: true });
      expect(extensions['retryAfterMs']).toBeGreaterThan(0);
      expect(extensions['retryAfterMs']).toBeLessThanOrEqual(10_000);
    }
    expect((await ask('another', '{ operator { klingTasks(list: CUSTOM_VOICES) { page } } }')).errors).toBeUndefined();
  });

  it('for running tasks gets them all, of which the allowed number is read', async ({ expect }) => {
    const ledger = ledgerOf('tasks');
    const made = await Promise.all(
      Array.from({ length: 10 }, async (_, n) => valueOf(await ledger.createVoiceTask(voiceInput(`voice-${n}`)))),
    );
    // Postpones the polls.
    await runInDurableObject(ledger, (_instance, { storage }) => {
      storage.sql.exec('UPDATE task SET wake_at = wake_at + 600000');
    });
    const fields = made.map((_, n) => `f${n}: task(by: { externalId: "voice-${n}" }) { status }`).join(' ');
    const { data, errors } = await ask('tasks', `{ ${fields} }`);
    expect(errors).toBeUndefined();
    const running = { status: expect.stringMatching(/^(?:SUBMITTED|PROCESSING)$/) };
    expect(Object.values(data ?? {})).toEqual(made.map(() => running));
    const reads = await Promise.all(
      made.map(({ klingTaskId }) => sandbox.count('GET', `${VOICE_TASKS}/${klingTaskId}`)),
    );
    expect(reads.reduce((sum, n) => sum + n)).toBe(PER_MINUTE);
  });
});
