import { setTimeout as wait } from 'node:timers/promises';
import { startStack, type GatewayStack } from '../node/gateway-stack.ts';
import { startCallbackProxy, type CallbackProxy } from './callback-proxy.ts';
import type { Evidence } from './check.ts';
import { sendOperation } from '../node/send-operation.ts';
import { abortRepeatedly, type AbortCounts } from './aborter.ts';
import { readEvents } from './events.ts';
import { runFinale } from './finale.ts';
import { killRepeatedly } from './killer.ts';
import { findTorn, readLedgers } from './ledger-file.ts';
import { runClient, scanFace } from './load.ts';
import { planIntents } from './plan.ts';
import type { Plant } from './plants.ts';
import { copyWithPlant } from './planted-copy.ts';
import type { Random } from './random.ts';
import { planWatchers } from './watch-plan.ts';
import { startWatchers, type Watchers } from './watchers.ts';
import { AUTHORIZATION } from '../support/token.ts';

export interface RoundOptions {
  readonly random: Random;
  readonly tasks: number;
  readonly kills: number;
  /** Objects that die while the process lives on. */
  readonly aborts: number;
  readonly watchers: number;
  /** Over how long creates, kills and aborts are spread. */
  readonly overMs: number;
  /** How long slots may take to come back after the last task; words about them can be lost, and are then asked for. Null: not looked at. */
  readonly slotsMs: number | null;
  /** A fault that the gateway is built with. */
  readonly plant: Plant | null;
  readonly say: (line: string) => void;
  /** Gets the gateway's log. */
  readonly onGatewayOutput: (text: string) => void;
}

/**
 * Slots at Kling for each task that comes in a second. With these faults a task holds its slot for 1.8 s, and one whose
 * ledger has just died for up to 10: some have to wait, and the queue never fills.
 */
const SLOTS_PER_RATE = 2.5;
const TASK_MS = { submittedMs: 150, processingMs: 600 };

/**
 * How late Kling acts on a create whose connection has ended. The gateway sends it again 4 s after that at the earliest
 * (`SETTLE_MS` twice): after the first look-up, before the second. Of voices Kling refuses a second one, of lip-syncs it does not.
 */
const LATE_MS = 2_500;
const UNIQUE_EXTERNAL_IDS = ['voice'];

/** How long the last task may take to end after the last create. */
const SETTLE_MS_MAX = 180_000;

/** How long watchers may take to be told of everything once nothing happens any more. */
const CATCH_UP_MS_MAX = 20_000;

const SCAN_UNITS = 0.05;

const UNFINISHED = `{ tasks(first: 5, status: [QUEUED, SUBMITTED, PROCESSING, UNRECOGNIZED]) { edges { node { id externalId status } } } }`;

/** Runs one round against a gateway and a sandbox of its own, and gathers what is left. */
export async function runRound(options: RoundOptions): Promise<Evidence> {
  const { random, tasks, kills, aborts, overMs, say, onGatewayOutput } = options;
  const concurrency = Math.max(3, Math.round((SLOTS_PER_RATE * tasks) / (overMs / 1_000)));
  let proxy: CallbackProxy | undefined;
  let stack: GatewayStack | undefined;
  let watchers: Watchers | undefined;
  try {
    stack = await startStack({
      entry: 'test/chaos/worker/abortable-entry.ts',
      ...(options.plant === null ? {} : { root: copyWithPlant(options.plant) }),
      async publicUrl(gatewayUrl) {
        proxy = await startCallbackProxy(gatewayUrl);
        return proxy.url;
      },
      vars: { KLING_CONCURRENCY: String(concurrency), KLING_TIMEOUT_MS: '5000' },
      sandbox: {
        ...TASK_MS,
        concurrency,
        units: 1_000_000,
        lateMs: LATE_MS,
        uniqueExternalIds: UNIQUE_EXTERNAL_IDS,
      },
      onGatewayOutput,
    });
    const { gateway, account } = stack;
    const face = await scanFace(gateway.url);
    await account.configure({ faults: drawFaults(random.fork('faults')) });

    const intents = planIntents(random.fork('plan'), { tasks, overMs });
    const plans = planWatchers(random.fork('watchers'), { watchers: options.watchers, overMs });
    let newestTask: string | null = null;
    const startedMs = Date.now();
    watchers = startWatchers({ gatewayUrl: gateway.url, plans, newestTask: () => newestTask });
    const aborting = abortRepeatedly(gateway.url, { aborts, overMs, random: random.fork('aborts') });
    const torn: string[] = [];
    const killing = killRepeatedly(gateway, {
      kills,
      overMs,
      random: random.fork('kills'),
      nextProgress: async () => proxy?.nextProgress(),
      onDown: () => void torn.push(...findTorn(gateway.storageDir('TaskLedger'))),
    });
    const loadViews = await Promise.all(
      intents.map(async (intent) => {
        await wait(intent.atMs);
        return runClient(gateway.url, intent, face, (taskId) => void (newestTask = taskId));
      }),
    );
    const [killed, aborted] = await Promise.all([killing, aborting]);
    say(`load: ${tasks} tasks, ${killed} kills and ${countsOf(aborted)} in ${seconds(startedMs)} s`);
    watchers.calm();

    const settlingMs = Date.now();
    const left = await settle(gateway.url);
    say(`settled: ${left === '' ? 'all' : `not all, there is still ${left}`}, after ${seconds(settlingMs)} s`);
    const callbacks = [...(proxy?.answers ?? [])].map(
      ([status, count]) => `${count} x ${status === 0 ? 'no answer' : status}`,
    );
    say(`callbacks: ${callbacks.join(', ')}`);
    const finaleMs = Date.now();
    const finaleViews = await runFinale({
      stack,
      face,
      concurrency,
      taskMs: TASK_MS,
      settle: () => settle(gateway.url),
    });
    say(`finale: ${finaleViews.length} tasks in ${seconds(finaleMs)} s`);
    const slotsHeld = options.slotsMs === null ? null : await slotsLeft(gateway.url, options.slotsMs);
    const events = await readEvents(gateway.url);
    const catchingUpMs = Date.now();
    const behind = await watchers.catchUp(events, CATCH_UP_MS_MAX);
    const ends = [...watchers.ends].map(([reason, count]) => `${count} x ${reason}`);
    say(
      `watchers: ${behind.length} are behind after ${seconds(catchingUpMs)} s; their connections: ${ends.join(', ')}`,
    );
    await watchers.end();
    const kling = await account.record();
    await gateway.kill();
    const ledgers = readLedgers(gateway.storageDir('TaskLedger'));
    const [ledger, ...others] = ledgers.toSorted((a, b) => b.tasks.length - a.tasks.length);
    if (ledger === undefined) throw new Error('there is no ledger on the disk');
    if (others.length > 0) throw new Error(`there are ${ledgers.length} ledgers of one tenant on the disk`);
    return {
      views: [...loadViews, ...finaleViews],
      torn,
      ledger,
      events,
      histories: watchers.histories,
      kling,
      slotsHeld,
      acknowledged: [...(proxy?.acknowledged ?? [])],
      scanUnits: SCAN_UNITS,
    };
  } finally {
    await watchers?.end();
    await stack?.close();
    await proxy?.close();
  }
}

/** Waits until the gateway knows of no unfinished task, twice in a row; says what is left when the time is up. */
async function settle(gatewayUrl: string): Promise<string> {
  const deadlineMs = Date.now() + SETTLE_MS_MAX;
  let left = 'unknown';
  for (let calm = 0; calm < 2 && Date.now() < deadlineMs;) {
    const sent = await sendOperation(gatewayUrl, { query: UNFINISHED, variables: {} }, null);
    const data = 'answer' in sent ? (sent.answer.data as { tasks: { edges: readonly object[] } } | null) : null;
    const edges = data?.tasks.edges ?? null;
    left = edges === null ? JSON.stringify(sent) : edges.length === 0 ? '' : JSON.stringify(edges);
    calm = left === '' ? calm + 1 : 0;
    await wait(500);
  }
  return left;
}

/** How many slots of the account are still held or waited for when none is, or when the time is up. */
async function slotsLeft(gatewayUrl: string, forMs: number): Promise<number> {
  const deadlineMs = Date.now() + forMs;
  for (;;) {
    const response = await fetch(`${gatewayUrl}/ready`, { headers: { authorization: AUTHORIZATION } });
    const { upstream } = (await response.json()) as { upstream: { slotsHeld: number; waiting: number } };
    const left = upstream.slotsHeld + upstream.waiting;
    if (left === 0 || Date.now() >= deadlineMs) return left;
    await wait(500);
  }
}

function countsOf(aborted: AbortCounts): string {
  const sum = Object.values(aborted).reduce((total, count) => total + count, 0);
  return `${sum} aborts (${aborted.TASK_LEDGER} of the ledger, ${aborted.HUB} of hubs, ${aborted.KLING_ACCOUNT} of the account)`;
}

function drawFaults(random: Random): object {
  return {
    seed: random.between(1, 1_000_000),
    dropCallback: 0.05,
    duplicateCallback: 0.05,
    delayCallbackMs: 400,
    reorderCallback: 0.05,
    forgeCallback: 0.02,
    errorBefore: 0.02,
    errorAfter: 0.02,
    timeoutAfter: 0.02,
    tooManyRequests: 0.005,
    readError: 0.03,
  };
}

function seconds(sinceMs: number): string {
  return ((Date.now() - sinceMs) / 1000).toFixed(1);
}
