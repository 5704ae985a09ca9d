import { setTimeout as wait } from 'node:timers/promises';
import type { GatewayStack } from '../node/gateway-stack.ts';
import type { Step } from './abort-request.ts';
import { abortOnce } from './aborter.ts';
import { runClient, type ClientView, type ScannedFace } from './load.ts';
import type { Intent } from './plan.ts';

export interface FinaleOptions {
  readonly stack: Pick<GatewayStack, 'gateway' | 'account'>;
  readonly face: ScannedFace;
  /** The slots at Kling. */
  readonly concurrency: number;
  /** The default duration of a task at Kling. */
  readonly taskMs: { readonly submittedMs: number; readonly processingMs: number };
  /** Waits until every task has ended. */
  readonly settle: () => Promise<unknown>;
}

/** The tasks of the burst that exceed the slots. Each task takes long enough that all of them overlap. */
const TOO_MANY = 12;
const BURST_MS = { submittedMs: 300, processingMs: 4_000 };

/** The lip-syncs of the burst that Kling carries out late. */
const LATE_WORDS = ['acts-late-cut', 'acts-late-cut', 'acts-late'] as const;

/** The steps at which the ledger dies with a single task. The lost push comes last, because a later push would repair it. */
const STEPS: readonly Step[] = ['ingest', 'ingested', 'pushed', 'push'];

/** The timeout of a step. The ledger then dies anyway. */
const STEP_MS_MAX = 4_000;

/** The time for the gateway to register an abort before its task is created. */
const NOTED_MS = 200;

/** Causes the rare cases of a load: too many tasks at once, late creates, and a death at each step of a single task. */
export async function runFinale(options: FinaleOptions): Promise<readonly ClientView[]> {
  const { stack, face, concurrency, taskMs, settle } = options;
  const { gateway, account } = stack;
  const run = (intent: Intent): Promise<ClientView> => runClient(gateway.url, intent, face, () => {});

  await account.configure({ faults: {}, ...BURST_MS });
  const burst = Array.from({ length: concurrency + TOO_MANY }, (_, number) => {
    const word = LATE_WORDS[number] ?? null;
    return toIntent(`burst-${number}`, word !== null || number % 2 === 0 ? 'LIP_SYNC' : 'VOICE', word);
  });
  const views = await Promise.all(burst.map(run));
  await settle();

  await account.configure(taskMs);
  for (const step of STEPS) {
    const dying = abortOnce(gateway.url, {
      object: 'TASK_LEDGER',
      shard: 0,
      moment: { inMs: STEP_MS_MAX, at: step },
    });
    await wait(NOTED_MS);
    views.push(await run(toIntent(`lone-${step}`, 'VOICE', null)));
    await dying;
    await settle();
  }
  return views;
}

function toIntent(externalId: string, kind: Intent['kind'], word: string | null): Intent {
  return { externalId, kind, word, atMs: 0, cutsMs: [], isAbandoned: false, isCancelled: false, readsMs: [] };
}
