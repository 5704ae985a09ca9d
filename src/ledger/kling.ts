import { createCallbackTokens } from '../auth/callback-token.ts';
import type { Config } from '../config/index.ts';
import type { TaskIdentity } from '../domain/inputs.ts';
import { createKlingClients, type KlingClient } from '../kling/client.ts';
import { isFault } from '../kling/errors.ts';
import { sleep, startTimer } from '../lib/deadline.ts';
import type { Log } from '../lib/log.ts';
import type { Slots } from './slots.ts';

/** Creates the ledger's client of Kling. It reports faults of Kling, which all tenants share, to the slots. */
export function createKling({ kling: { baseUrl, keys, timeoutMs } }: Config, slots: Slots, log: Log): KlingClient {
  const clients = createKlingClients({
    baseUrl,
    credentials: keys,
    timeoutMs,
    fetch: (input, init) => fetch(input, init),
    aborts: true,
    now: Date.now,
    random: Math.random,
    sleep,
    startTimer,
    // The alarm reads again, with growing waits. Until then a caller gets the stored state.
    readAttemptsMax: 1,
  });
  return clients((exchange) => {
    log({ level: 'info', message: 'kling exchange', ...exchange });
    // A tenant that makes such a call slow must not make Kling look down for all.
    const isCallersOwn = CALLERS_OWN.has(exchange.path);
    if (exchange.outcome !== 'CANCELLED' && !isCallersOwn) slots.report(isFault(exchange));
  });
}

/** The paths of calls whose duration depends on the caller's video or text. */
const CALLERS_OWN = new Set(['/v1/videos/identify-face', '/v1/audio/tts']);

/** Returns a function that gives a task its id at Kling, and the URL that Kling calls back. */
export function createIdentity({ callbacks }: Config, tenant: string): (taskId: string) => Promise<TaskIdentity> {
  const { publicUrl, secrets } = callbacks;
  const tokens = secrets.length === 0 ? null : createCallbackTokens(secrets);
  return async (taskId) => {
    if (publicUrl === null || tokens === null) return { externalTaskId: taskId, callbackUrl: null };
    const token = await tokens.mint({ tenant, taskId });
    return { externalTaskId: taskId, callbackUrl: `${publicUrl}/callbacks/${token}` };
  };
}
