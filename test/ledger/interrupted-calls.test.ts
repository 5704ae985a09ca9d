import { exports } from 'cloudflare:workers';
import { describe, it } from 'vitest';
import { createLedgerPort, createReach } from '../../src/ledger/rpc.ts';
import type { LogEvent } from '../../src/lib/log.ts';
import { kill, ledgerOf, type LedgerStub, openSandbox, storedTask, voiceInput, VOICES } from '../support/ledger.ts';
import { bearer } from '../support/token.ts';

const sandbox = openSandbox('interrupted-calls');

const QUERY =
  'mutation ($input: CreateVoiceTaskInput!) { createVoiceTask(input: $input) { ... on VoiceTask { id } ... on Failure { code message } } }';

interface Answer {
  readonly data: { readonly createVoiceTask: { readonly id: string } | null } | null;
  readonly errors?: readonly { readonly message: string; readonly extensions: Record<string, unknown> }[];
}

/** Creates a voice over HTTP. Kling's answer takes 3 s. */
async function create(tenant: string, externalId: string | null): Promise<Answer> {
  const { name, sample } = voiceInput(externalId, 'sandbox-slow-sandbox-never-ends');
  const response = await exports.default.fetch('https://gateway.test/graphql', {
    method: 'POST',
    headers: { authorization: await bearer(tenant), 'content-type': 'application/json' },
    body: JSON.stringify({ query: QUERY, variables: { input: { name, sample, externalId } } }),
  });
  return response.json();
}

/** A ledger whose every call fails with the same error. */
function failing(error: unknown): LedgerStub {
  async function call(): Promise<never> {
    throw error;
  }
  return new Proxy({}, { get: () => call }) as LedgerStub;
}

const reset = (): Error => Object.assign(new Error('reset'), { durableObjectReset: true });

describe('a create whose ledger dies after it was sent', () => {
  it('may be repeated with its external id, and makes one task', async ({ expect }) => {
    const ledger = ledgerOf('interrupted');
    const interrupted = create('interrupted', 'one');
    await expect.poll(() => sandbox.count('POST', VOICES)).toBe(1);
    await kill(ledger);
    const { data, errors } = await interrupted;
    expect(data).toEqual({ createVoiceTask: null });
    expect(errors).toMatchObject([
      {
        message:
          'The gateway was interrupted. Repeat the call with the same external id: it is never carried out twice.',
        extensions: { code: 'UPSTREAM_UNAVAILABLE', retryable: true, retryAfterMs: 1_000 },
      },
    ]);
    const repeated = await create('interrupted', 'one');
    const id = atob(repeated.data!.createVoiceTask!.id).split(':').at(-1)!;
    await expect
      .poll(async () => (await storedTask(ledgerOf('interrupted'), id))?.phase, { timeout: 15_000 })
      .toBe('SENT');
    expect(await sandbox.tasksOf(id)).toBe(1);
  });

  it('is not retryable without an external id', async ({ expect }) => {
    const before = await sandbox.count('POST', VOICES);
    const interrupted = create('without-id', null);
    await expect.poll(() => sandbox.count('POST', VOICES)).toBe(before + 1);
    await kill(ledgerOf('without-id'));
    expect((await interrupted).errors).toMatchObject([
      {
        message:
          'The gateway was interrupted. The call may have been carried out, and charged. A repeat may be charged again.',
        extensions: { code: 'UPSTREAM_UNAVAILABLE', retryable: false },
      },
    ]);
  });
});

describe('a call whose ledger is lost', () => {
  const video = { url: 'https://example.com/clip.mp4' };

  it.for([
    ['createVoiceTask', voiceInput('one'), true],
    ['createVoiceTask', voiceInput(null), false],
    ['identifyFaces', { video, externalId: 'one' }, true],
    ['identifyFaces', { video }, false],
    ['deleteVoice', { voiceId: 'one', anyOwner: false }, true],
    ['cancelTask', { id: 'one', kind: 'VOICE' }, true],
  ] as const)('%s %j is retryable: %s', async ([name, input, retryable], { expect }) => {
    const port = createLedgerPort(failing(reset()), { log: () => {} });
    const write = port.write(name, input);
    await expect(write).rejects.toMatchObject({ failure: { code: 'UPSTREAM_UNAVAILABLE', retryable } });
  });

  it('that reads may be repeated, and is logged', async ({ expect }) => {
    const lines: LogEvent[] = [];
    const port = createLedgerPort(failing(reset()), { requestId: 'r', log: (line) => lines.push(line) });
    const failure = { code: 'UPSTREAM_UNAVAILABLE', retryable: true };
    await expect(port.task({ id: 'one' })).rejects.toMatchObject({ failure });
    expect(lines).toEqual([
      { level: 'warn', message: 'ledger lost during a call', requestId: 'r', cause: 'Error: reset' },
    ]);
  });

  it.for([
    [{ durableObjectReset: true }, true],
    [{ retryable: true }, true],
    [{ overloaded: true }, true],
    [{}, false],
    [{ remote: true }, false],
    [{ remote: true, retryable: true }, false],
  ] as const)('is recognised by the properties of its error: %j is %s', async ([properties, isLost], { expect }) => {
    const reach = createReach(() => {});
    const error = Object.assign(new Error('x'), properties);
    const thrown: unknown = await reach(Promise.reject(error)).catch((cause: unknown) => cause);
    if (isLost) expect(thrown).toMatchObject({ failure: { retryable: true }, cause: error });
    else expect(thrown).toBe(error);
  });

  it('is not one whose ledger throws: that is a bug', async ({ expect }) => {
    const port = createLedgerPort(ledgerOf('bug'), { log: () => {} });
    await expect(port.write('createVoiceTask', {} as never)).rejects.toThrow(TypeError);
  });
});
