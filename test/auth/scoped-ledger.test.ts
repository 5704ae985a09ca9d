import { describe, it } from 'vitest';
import { createScopedLedger, createScopedUpstream, readableTasks, readableWatch } from '../../src/auth/access.ts';
import { type Ledger, type Upstream, SCOPES, type Scope, type Viewer } from '../../src/domain/ports.ts';
import { schema } from '../../src/schema/schema.ts';
import type { TaskFilter } from '../../src/domain/list.ts';
import { FakeLedger, lipSyncTask, voiceTask } from '../support/fake-ledger.ts';
import { failureOf } from '../support/forge.ts';
import { VIEWER } from '../support/viewer.ts';

const WINDOW = { first: 10, after: null };
const ANY: TaskFilter = { kind: null, statuses: ['FAILED'] };
const PAGE = { page: 1, pageSize: 30 };
const VOICE = { id: 'v', kind: 'VOICE' } as const;
const LIP_SYNC = { id: 'l', kind: 'LIP_SYNC' } as const;

const viewerWith = (...scopes: Scope[]): Viewer => ({ ...VIEWER, scopes });

/** All sets of scopes. */
const SETS: readonly Scope[][] = SCOPES.reduce<Scope[][]>(
  (sets, scope) => [...sets, ...sets.map((set) => [...set, scope])],
  [[]],
);

/** A call, the scopes of which any permits it (null if it needs no scope), and the scope that the error names. */
interface Row {
  readonly call: string;
  readonly method: string;
  readonly args: readonly unknown[];
  readonly anyOf: readonly Scope[] | null;
  readonly told: Scope;
}

function row(method: string, args: readonly unknown[], anyOf: readonly Scope[] | null, told = anyOf?.at(-1)): Row {
  return { call: `${method}(${JSON.stringify(args).slice(1, -1)})`, method, args, anyOf, told: told ?? 'operator' };
}

const INPUT = { any: 'input' };
const READERS = ['voices:read', 'lipsync:read'] as const;

const LEDGER: readonly Row[] = [
  row('write', ['createVoiceTask', INPUT], ['voices:write']),
  row('write', ['deleteVoice', { anyOwner: false }], ['voices:write']),
  row('write', ['deleteVoice', { anyOwner: true }], ['operator']),
  row('write', ['createLipSyncTask', INPUT], ['lipsync:write']),
  row('write', ['createLipSyncTasks', INPUT], ['lipsync:write']),
  row('write', ['identifyFaces', INPUT], ['lipsync:write']),
  row('write', ['synthesizeSpeech', INPUT], ['lipsync:write']),
  row('write', ['cancelTask', VOICE], ['voices:write']),
  row('write', ['cancelTask', LIP_SYNC], ['lipsync:write']),
  row('write', ['retryTask', VOICE], ['voices:write']),
  row('write', ['retryTask', LIP_SYNC], ['lipsync:write']),
  row('write', ['retryTask', { id: '42', kind: null }], ['lipsync:write', 'voices:write']),
  row('write', ['updateTask', VOICE], ['voices:write']),
  row('write', ['updateTask', LIP_SYNC], ['lipsync:write']),
  row('write', ['updateTask', { id: '42', kind: null }], ['lipsync:write', 'voices:write']),
  row('write', ['deleteTask', VOICE], ['voices:write']),
  row('write', ['deleteTask', LIP_SYNC], ['lipsync:write']),
  row('write', ['deleteTask', { id: '42', kind: null }], ['lipsync:write', 'voices:write']),
  row('write', ['cancelTask', { id: '42', kind: null }], ['lipsync:write', 'voices:write']),
  row('write', ['createMedia', INPUT], ['lipsync:write', 'voices:write']),
  row('write', ['deleteMedia', { mediaId: 'id' }], ['lipsync:write', 'voices:write']),
  row('task', [{ id: 'nothing' }], READERS),
  row('tasks', [ANY, WINDOW, 'OLDEST_FIRST'], READERS),
  row('tasks', [{ ...ANY, kind: 'VOICE' }, WINDOW, 'OLDEST_FIRST'], ['voices:read']),
  row('tasks', [{ ...ANY, kind: 'LIP_SYNC' }, WINDOW, 'OLDEST_FIRST'], ['lipsync:read']),
  row('queuePosition', ['id'], READERS),
  row('events', [{ task: VOICE, filter: ANY }, WINDOW], ['voices:read']),
  row('events', [{ task: LIP_SYNC, filter: ANY }, WINDOW], ['lipsync:read']),
  row('events', [{ task: null, filter: ANY }, WINDOW], READERS),
  row('events', [{ task: null, filter: { ...ANY, kind: 'VOICE' } }, WINDOW], ['voices:read']),
  row('faceScan', ['id'], ['lipsync:read']),
  row('faceScans', [WINDOW], ['lipsync:read']),
  row('speech', ['id'], ['lipsync:read']),
  row('speeches', [WINDOW], ['lipsync:read']),
  row('voice', ['id'], ['voices:read']),
  row('voices', [WINDOW], ['voices:read']),
  row('mediaById', ['id'], READERS),
  row('media', [WINDOW], READERS),
  row('receivedBytes', ['id'], READERS),
  row('fileUsage', [], READERS),
  row('usage', ['2026-11'], READERS),
  row('lipSyncQuote', [INPUT], ['lipsync:write']),
  ...[
    'createWebhookEndpoint',
    'updateWebhookEndpoint',
    'rotateWebhookSecret',
    'deleteWebhookEndpoint',
    'sendTestWebhook',
    'redeliverWebhook',
  ].map((name) => row('write', [name, INPUT], ['webhooks:write'])),
  row('webhookEndpoint', ['id'], ['webhooks:read']),
  row('webhookEndpoints', [], ['webhooks:read']),
  row('webhookDelivery', ['id'], ['webhooks:read']),
  row('webhookDeliveries', ['id', 'FAILED', WINDOW], ['webhooks:read']),
];

const UPSTREAM: readonly Row[] = [
  row('presetVoices', [], ['operator', 'voices:read']),
  row('klingTasks', ['PRESET_VOICES', PAGE], ['operator']),
  row('klingTasks', ['CUSTOM_VOICES', PAGE], ['operator']),
  row('klingTasks', ['LIP_SYNCS', PAGE], ['operator']),
  row('klingTask', ['LIP_SYNCS', 'id'], ['operator']),
  row('listResourcePacks', [{ startMs: 0, endMs: 1 }], ['operator']),
];

/** Answers each method with its arguments, and records them. */
function createEcho() {
  const calls: unknown[][] = [];
  const target = new Proxy({} as Ledger & Upstream, {
    get:
      (_, method) =>
      async (...args: unknown[]) => {
        calls.push([method, ...args]);
        return method === 'task' ? null : { method, args };
      },
  });
  return { target, calls };
}

async function invoke(target: object, { method, args }: Row): Promise<unknown> {
  const call: unknown = Reflect.get(target, method);
  if (typeof call !== 'function') throw new Error(`there is no ${method}`);
  return Reflect.apply(call, target, args);
}

it('every mutation has a row for each kind of thing that it writes', ({ expect }) => {
  const mutations = Object.keys(schema.getMutationType()?.getFields() ?? {});
  const writes = LEDGER.filter(({ method }) => method === 'write').map(({ args }) => args[0]);
  expect(new Set(writes)).toEqual(new Set(mutations));
});

describe.for([
  { name: 'ledger', scoped: createScopedLedger, rows: LEDGER },
  { name: 'upstream', scoped: createScopedUpstream, rows: UPSTREAM },
])('the scoped $name', ({ scoped, rows }) => {
  it('has a row for every method', ({ expect }) => {
    const methods = Object.keys(scoped(createEcho().target, VIEWER));
    expect(new Set(rows.map(({ method }) => method))).toEqual(new Set(methods));
  });

  it.for(rows)('answers $call with its scopes, and calls nothing without them', async (asked, { expect }) => {
    for (const scopes of SETS) {
      const { target, calls } = createEcho();
      const answer = invoke(scoped(target, viewerWith(...scopes)), asked);
      if (asked.anyOf === null || asked.anyOf.some((scope) => scopes.includes(scope))) {
        expect(await answer).toEqual(
          asked.method === 'task' ? null : expect.objectContaining({ method: asked.method }),
        );
        expect(calls).toHaveLength(1);
        if (!JSON.stringify(asked.args).includes('"kind":null,"statuses"'))
          expect(calls).toEqual([[asked.method, ...asked.args]]);
      } else {
        expect(await failureOf(answer)).toEqual({
          code: 'FORBIDDEN',
          message: `The token lacks the scope "${asked.told}".`,
          retryable: false,
        });
        expect(calls).toEqual([]);
      }
    }
  });
});

describe('a watch', () => {
  it('of all tasks reaches the ledger narrowed to the readable kinds', async ({ expect }) => {
    for (const [scopes, kind] of [
      [['voices:read', 'lipsync:read'], null],
      [['voices:read'], 'VOICE'],
      [['lipsync:read'], 'LIP_SYNC'],
    ] as const) {
      const { target, calls } = createEcho();
      await createScopedLedger(target, viewerWith(...scopes)).events({ task: null, filter: ANY }, WINDOW);
      expect(calls).toEqual([['events', { task: null, filter: { ...ANY, kind } }, WINDOW]]);
    }
  });

  it('of one task needs the scope of its kind, whatever its filter', ({ expect }) => {
    const watch = { task: VOICE, filter: { kind: 'LIP_SYNC', statuses: [] } } as const;
    expect(readableWatch(viewerWith('voices:read'), watch)).toEqual(watch);
    expect(() => readableWatch(viewerWith('lipsync:read'), watch)).toThrow('The token lacks the scope "voices:read".');
  });
});

describe('a task of the scoped ledger', () => {
  const ledger = new FakeLedger();
  ledger.tasksKept = [voiceTask('v'), lipSyncTask('l')];

  it.for([
    ['v', 'voices:read', 'lipsync:read'],
    ['l', 'lipsync:read', 'voices:read'],
  ] as const)(
    '%s is shown with the scope %s alone, and forbidden with %s alone',
    async ([id, may, not], { expect }) => {
      expect((await createScopedLedger(ledger, viewerWith(may)).task({ id }))?.id).toBe(id);
      expect(await failureOf(createScopedLedger(ledger, viewerWith(not)).task({ id }))).toMatchObject({
        code: 'FORBIDDEN',
        message: `The token lacks the scope "${may}".`,
      });
    },
  );

  it('is null if it does not exist, with the scope of either kind', async ({ expect }) => {
    for (const scope of READERS) {
      expect(await createScopedLedger(ledger, viewerWith(scope)).task({ id: 'nothing' })).toBeNull();
    }
  });
});

describe('a filter of tasks', () => {
  it.for<[kind: TaskFilter['kind'], scopes: Scope[], narrowed: TaskFilter['kind']]>([
    [null, ['voices:read', 'lipsync:read'], null],
    [null, ['voices:read', 'lipsync:write', 'operator'], 'VOICE'],
    [null, ['lipsync:read', 'voices:write'], 'LIP_SYNC'],
    ['VOICE', ['voices:read', 'lipsync:read'], 'VOICE'],
    ['VOICE', ['voices:read'], 'VOICE'],
    ['LIP_SYNC', ['lipsync:read'], 'LIP_SYNC'],
  ])(
    'of kind %s with the scopes %j becomes one of kind %s with the same statuses',
    ([kind, scopes, narrowed], { expect }) => {
      const filter = readableTasks(viewerWith(...scopes), { kind, statuses: ['FAILED'] });
      expect(filter).toEqual({ kind: narrowed, statuses: ['FAILED'] });
    },
  );

  it('reaches the ledger narrowed to the readable kinds', async ({ expect }) => {
    const { target, calls } = createEcho();
    await createScopedLedger(target, viewerWith('voices:read')).tasks(ANY, WINDOW, 'OLDEST_FIRST');
    expect(calls).toEqual([['tasks', { kind: 'VOICE', statuses: ['FAILED'] }, WINDOW, 'OLDEST_FIRST']]);
  });
});
