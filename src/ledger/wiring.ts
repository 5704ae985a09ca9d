import { createCallbackTokens } from '../auth/callback-token.ts';
import { configOf } from '../config/index.ts';
import { toMilliunits } from '../domain/cost.ts';
import { createKlingClients } from '../kling/client.ts';
import { isFault } from '../kling/errors.ts';
import { createLog, withFields } from '../lib/log.ts';
import { createRetention } from '../lib/tables.ts';
import { sleep, startTimer } from '../lib/deadline.ts';
import { createTracedLog } from '../lib/trace.ts';
import { ClaimStore } from './stores/claims.ts';
import type { LedgerDeps, LedgerLimits } from './deps.ts';
import { EventStore } from './stores/events.ts';
import { HoldingsStore } from './stores/assets.ts';
import { createOwnedKling } from './isolation.ts';
import { createOwners } from './owners.ts';
import { PaidCallStore } from './stores/paid-calls.ts';
import { RECOVERY_SPREAD_MS } from './schedule.ts';
import { shelvesOf } from './stores/retention.ts';
import { createSlots } from './slots.ts';
import { TaskStore } from './stores/tasks.ts';
import { TaskSums } from './task-sums.ts';
import { WakeStore } from './stores/wakes.ts';

const CALLERS_OWN = new Set(['/v1/videos/identify-face', '/v1/audio/tts']);

/** Where clock, randomness, network and settings enter the ledger: from its object, once. `arm` sets the alarm. */
export function createDeps(ctx: DurableObjectState, env: Env, arm: () => void): LedgerDeps {
  const config = configOf(env);
  const tenant = ctx.id.name ?? '';
  const log = createTracedLog(withFields(createLog(config.logTenant), { tenant }));
  const { publicUrl, secrets } = config.callbacks;
  const tokens = secrets.length === 0 ? null : createCallbackTokens(secrets);
  const { baseUrl, keys, timeoutMs } = config.kling;
  const unitsMax = config.tenantMonthlyUnitsMax;
  const now = Date.now;
  const background = (work: () => Promise<unknown>): void => {
    ctx.waitUntil(
      work().catch((error: unknown) =>
        log({ level: 'error', message: 'background work failed', cause: String(error) }),
      ),
    );
  };
  const account = () => env.KLING_ACCOUNT.getByName('account');
  const tasks = new TaskStore(ctx.storage.sql);
  const wakes = new WakeStore(ctx.storage.sql);
  const events = new EventStore(ctx.storage.sql);
  const limits: LedgerLimits = {
    taskAgeMaxMs: config.tasks.maxAgeMs,
    eventRetentionMs: config.tasks.eventRetentionMs,
    eventsPerTaskMax: config.tasks.eventsPerTaskMax,
    retention: config.retention,
    waitingTasksMax: config.tasks.waitingMax,
    waitingBytesMax: config.tasks.waitingBytesMax,
    milliunitsPerMonthMax: unitsMax === null ? null : toMilliunits(unitsMax),
    exchangeTimeoutMs: timeoutMs,
  };
  const slots = createSlots({
    account,
    tenant,
    kv: ctx.storage.kv,
    now,
    random: Math.random,
    background,
    recovered: () => wakes.hasten(now(), RECOVERY_SPREAD_MS),
    arm,
  });
  const owners = createOwners({ account, tenant, sleep, random: Math.random });
  const kling = createKlingClients({
    baseUrl,
    credentials: keys,
    timeoutMs,
    fetch: (input, init) => fetch(input, init),
    aborts: true,
    now,
    random: Math.random,
    sleep,
    startTimer,
    // The alarm reads again, with growing waits; a caller that asks meanwhile gets the stored state.
    readAttemptsMax: 1,
  })((exchange) => {
    log({ level: 'info', message: 'kling exchange', ...exchange });
    // The caller chooses the video or text, and so how long these take. No tenant may make Kling look down for all.
    const isCallersOwn = CALLERS_OWN.has(exchange.path);
    if (exchange.outcome !== 'CANCELLED' && !isCallersOwn) slots.report(isFault(exchange));
  });
  return {
    tasks,
    sums: new TaskSums(ctx.storage.sql),
    claims: new ClaimStore(ctx.storage.sql),
    wakes,
    events,
    holdings: new HoldingsStore(ctx.storage.sql),
    paidCalls: new PaidCallStore(ctx.storage.sql),
    retention: createRetention(shelvesOf(ctx.storage.sql, events, limits), now),
    kling: createOwnedKling(kling, {
      owners,
      isOurTask: (id) => tasks.find({ id }) !== null,
      random: Math.random,
      log,
    }),
    owners,
    slots,
    limits,
    arm,
    transaction: (work) => ctx.storage.transactionSync(work),
    now,
    random: Math.random,
    sleep,
    newId: () => crypto.randomUUID(),
    async identity(taskId) {
      if (publicUrl === null || tokens === null) return { externalTaskId: taskId, callbackUrl: null };
      const token = await tokens.mint({ tenant, taskId });
      return { externalTaskId: taskId, callbackUrl: `${publicUrl}/callbacks/${token}` };
    },
    background,
    log,
  };
}
