import { setTimeout as wait } from 'node:timers/promises';
import type { GatewayStack } from '../node/gateway-stack.ts';
import type { Step } from './abort-request.ts';
import { abortOnce } from './aborter.ts';
import { runClient, type ClientView, type ScannedFace } from './load.ts';
import type { Intent } from './plan.ts';

export interface FinaleOptions {
  readonly stack: Pick<GatewayStack, 'gateway' | 'account'>;
  readonly face: ScannedFace;
  /** Slots at Kling. */
  readonly concurrency: number;
  /** How long a task takes at Kling where nothing else is said. */
  readonly taskMs: { readonly submittedMs: number; readonly processingMs: number };
  /** Waits until every task has ended. */
  readonly settle: () => Promise<unknown>;
}

/** So many tasks more than there are slots come at once, and each takes long enough for all of them to be there. */
const TOO_MANY = 12;
const BURST_MS = { submittedMs: 300, processingMs: 4_000 };

/** Lip-syncs of the burst that Kling makes after their connection has ended. */
const LATE_WORDS = ['acts-late-cut', 'acts-late-cut', 'acts-late'] as const;

/** Where the ledger dies with one task alone. The lost push comes last: any that followed would make up for it. */
const STEPS: readonly Step[] = ['ingest', 'ingested', 'pushed', 'push'];

/** Longest that a step is waited for; the ledger dies then all the same. */
const STEP_MS_MAX = 4_000;

/** Time for an abort to be noted before the task that it is for is made. */
const NOTED_MS = 200;

/** What a load meets only by luck, on purpose: too many tasks at once, some of them made late, and deaths at each step of a lone task. */
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
  return { externalId, kind, word, atMs: 0, cutsMs: [], isAbandoned: false, readsMs: [] };
}
