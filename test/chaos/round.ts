import { setTimeout as wait } from 'node:timers/promises';
import { startStack, type GatewayStack } from '../node/gateway-stack.ts';
import { startCallbackProxy, type CallbackProxy } from './callback-proxy.ts';
import type { Death, Evidence } from './check.ts';
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
import { startWebhookReceiver, type WebhookReceiver } from './webhook-receiver.ts';
import { AUTHORIZATION } from '../support/token.ts';

export interface RoundOptions {
  readonly random: Random;
  readonly tasks: number;
  readonly kills: number;
  /** The number of objects that die while the process goes on. */
  readonly aborts: number;
  readonly watchers: number;
  /** The share of the tasks that are made in one call. */
  readonly oneCallShare: number;
  /** The duration of creates, kills and aborts. */
  readonly overMs: number;
  /** The timeout for the return of all slots after the last task. Lost messages about slots take longer. Null skips the check. */
  readonly slotsMs: number | null;
  /** A planted fault of the gateway. */
  readonly plant: Plant | null;
  readonly say: (line: string) => void;
  /** Called with the gateway's log. */
  readonly onGatewayOutput: (text: string) => void;
}

/**
 * The slots at Kling for each task in a second. Under these faults, a task uses its slot for 1.8 s, or for up to 10 s after
 * a death of its ledger. So some tasks wait, and the queue never fills.
 */
const SLOTS_PER_RATE = 2.5;
const TASK_MS = { submittedMs: 150, processingMs: 600 };

/**
 * How long after its connection Kling carries out a late create: after the gateway's first look-up and before its second.
 * The gateway sends the create again after 4 s at the earliest (`SETTLE_MS` twice). Kling refuses a second voice, but not
 * a second lip-sync.
 */
const LATE_MS = 2_500;
const UNIQUE_EXTERNAL_IDS = ['voice'];

/** The timeout for the end of the last task, after the last create. */
const SETTLE_MS_MAX = 180_000;

/** The timeout for watchers to receive all events after the last change. */
const CATCH_UP_MS_MAX = 20_000;

/** The timeout for the receiver of webhooks to get what it has missed. */
const WEBHOOKS_MS_MAX = 60_000;

/** The restarts of that receiver. */
const RESTARTS = 4;

/** An abort is answered at most this long after the death. */
const ABORT_MS = 500;

const UNFINISHED = `{ tasks(first: 5, filter: { status: [PREPARING, QUEUED, SUBMITTED, PROCESSING, UNRECOGNIZED] }) { edges { node { id externalId status } } } }`;

/** Runs one round against a new gateway and sandbox, and collects the evidence. */
export async function runRound(options: RoundOptions): Promise<Evidence> {
  const { random, tasks, kills, aborts, overMs, oneCallShare, say, onGatewayOutput } = options;
  const concurrency = Math.max(3, Math.round((SLOTS_PER_RATE * tasks) / (overMs / 1_000)));
  const failures = createFailureReader();
  let proxy: CallbackProxy | undefined;
  let stack: GatewayStack | undefined;
  let watchers: Watchers | undefined;
  let webhooks: WebhookReceiver | undefined;
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
      onGatewayOutput(text) {
        onGatewayOutput(text);
        failures.read(text);
      },
    });
    const { gateway, account } = stack;
    const face = await scanFace(gateway.url);
    const receiver = await startWebhookReceiver(random.fork('webhooks'));
    webhooks = receiver;
    await receiver.register(gateway.url);
    await account.configure({ faults: drawFaults(random.fork('faults')) });

    const intents = planIntents(random.fork('plan'), { tasks, overMs, oneCallShare }).map((intent) => ({
      ...intent,
      webhookUrl: receiver.urlOf(intent.externalId),
    }));
    const plans = planWatchers(random.fork('watchers'), { watchers: options.watchers, overMs });
    let newestTask: string | null = null;
    const startedMs = Date.now();
    watchers = startWatchers({ gatewayUrl: gateway.url, plans, newestTask: () => newestTask });
    const deaths: Death[] = [];
    const aborting = abortRepeatedly(gateway.url, {
      aborts,
      overMs,
      random: random.fork('aborts'),
      onDeath(object) {
        const toMs = Date.now();
        if (object === 'TASK_LEDGER') deaths.push({ cause: 'abort', fromMs: toMs - ABORT_MS, toMs });
      },
    });
    const restarting = receiver.restartRepeatedly({ restarts: RESTARTS, overMs });
    const torn: string[] = [];
    const killing = killRepeatedly(gateway, {
      kills,
      overMs,
      random: random.fork('kills'),
      nextProgress: async () => proxy?.nextProgress(),
      onDown(fromMs) {
        deaths.push({ cause: 'kill', fromMs, toMs: Date.now() });
        torn.push(...findTorn(gateway.storageDir('TaskLedger')));
      },
    });
    const made = createMadeTasks();
    const loadViews = await Promise.all(
      intents.map(async (intent) => {
        await wait(intent.atMs);
        const { after = null } = intent.oneCall ?? {};
        const afterId = after === null ? null : await made.of(after);
        function onTask(taskId: string): void {
          newestTask = taskId;
          made.tell(intent.externalId, taskId);
        }
        const view = await runClient(gateway.url, intent, face, onTask, afterId);
        made.tell(intent.externalId, view.taskId);
        return view;
      }),
    );
    const [killed, aborted] = await Promise.all([killing, aborting, restarting]);
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
    const webhooksMs = Date.now();
    const undelivered = await receiver.catchUp(gateway.url, { events, views: loadViews }, WEBHOOKS_MS_MAX);
    say(`webhooks: ${undelivered.length} are missing after ${seconds(webhooksMs)} s`);
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
      webhooks: receiver,
      slotsHeld,
      deaths,
      stepFailures: failures.byTask,
      acknowledged: [...(proxy?.acknowledged ?? [])],
    };
  } finally {
    await watchers?.end();
    await stack?.close();
    await proxy?.close();
    await webhooks?.close();
  }
}

/** Reads from the gateway's log why it gave up a scan or a speech. */
interface FailureReader {
  readonly byTask: ReadonlyMap<string, string>;
  read(text: string): void;
}

function createFailureReader(): FailureReader {
  const byTask = new Map<string, string>();
  let rest = '';
  return {
    byTask,
    read(text) {
      const lines = `${rest}${text}`.split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        if (!line.includes('"step of a lip-sync failed"')) continue;
        const { taskId, cause } = JSON.parse(line.slice(line.indexOf('{'))) as { taskId: string; cause: string };
        byTask.set(taskId, cause);
      }
    },
  };
}

/** The ids of acknowledged tasks by external id. */
interface MadeTasks {
  /** Waits for the outcome of a create. Returns null for a task that is not made. */
  of(externalId: string): Promise<string | null>;
  tell(externalId: string, taskId: string | null): void;
}

function createMadeTasks(): MadeTasks {
  const outcomes = new Map<string, PromiseWithResolvers<string | null>>();
  function outcomeOf(externalId: string): PromiseWithResolvers<string | null> {
    const outcome = outcomes.get(externalId) ?? Promise.withResolvers<string | null>();
    outcomes.set(externalId, outcome);
    return outcome;
  }
  return {
    of: (externalId) => outcomeOf(externalId).promise,
    tell: (externalId, taskId) => outcomeOf(externalId).resolve(taskId),
  };
}

/** Waits until the gateway twice reports no unfinished task. Returns the remaining tasks after the timeout. */
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

/** Waits until no slot of the account is in use or waited for. Returns the remaining number after the timeout. */
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
