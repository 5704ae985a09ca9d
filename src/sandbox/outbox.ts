import { Webhook } from 'standardwebhooks';
import { writeJson } from './envelope.ts';
import { createDigitsId } from './random.ts';
import type { Settings } from './settings.ts';
import type { Callback, CallbackStore } from './store/callback-store.ts';
import { isFinal, type Task } from './tasks/task.ts';
import { renderCallback } from './tasks/wire.ts';

/** The deliveries in flight at once. A Worker opens at most six connections. */
const inFlightMax = 6;
/** The first attempt and three retries. */
const attemptsMax = 4;
/** The delays before the second, third and fourth attempt. */
const backoffMs = [200, 400, 800];
const receiverTimeoutMs = 5000;
/** The delay of `sandbox-callback-late`. */
const lateMs = 5000;
/** The interval between messages that were held back to arrive in the wrong order. */
const reorderGapMs = 200;
/** After this time, a message that a dead process was delivering is delivered again. */
const leaseMs = 15_000;
/** A well-formed secret that no account has. It signs forged messages of an account that signs its own. */
const forgersSecret = 'whsec_Zm9yZ2Vkc2VjcmV0Zm9yZ2Vkc2VjcmV0Zm9yZ2Vk';

/** The parts of an account that its outbox uses. */
export interface OutboxOptions {
  readonly store: CallbackStore;
  readonly settings: () => Settings;
  readonly chance: (probability: number) => boolean;
  readonly send: (request: Request) => Promise<Response>;
  readonly waitUntil: (work: Promise<unknown>) => void;
  /** Called after every delivery, to set the next alarm. */
  readonly reschedule: () => void;
}

/** Sends the callbacks of an account at least once. Those of one task keep their order, unless a scenario word changes it. */
export class Outbox {
  readonly #options: OutboxOptions;
  readonly #busyTasks = new Set<string>();

  constructor(options: OutboxOptions) {
    this.#options = options;
    options.store.dropLeases();
  }

  /** Queues the callbacks of a task's new status, with the faults that its words and the settings ask for. */
  announce(task: Task, now: number): void {
    const { store, settings, chance } = this.#options;
    if (task.plan.callbackUrl === null) return;
    const { faults, callbackOriginRewrite } = settings();
    const asked = new Set(task.plan.words);
    const url = rewriteOrigin(task.plan.callbackUrl, callbackOriginRewrite);
    const content = renderCallback(task, now);
    const message = { taskId: task.taskId, status: task.status, messageId: createDigitsId(), forged: false, url };
    const numberIds = asked.has('number-id');
    const final = isFinal(task.status);

    if (asked.has('callback-forged') || chance(faults.forgeCallback)) this.#forge(task, url, content, now);
    if (asked.has('callback-dropped') || chance(faults.dropCallback)) {
      store.log({ ...message, at: now, httpStatus: null, error: 'dropped', attempt: 0 });
    } else {
      const held = !final && (asked.has('callback-reordered') || chance(faults.reorderCallback));
      const dueAt = now + (asked.has('callback-late') ? lateMs : 0) + this.#randomDelay();
      const copies = asked.has('callback-duplicated') || chance(faults.duplicateCallback) ? 2 : 1;
      for (let copy = 0; copy < copies; copy += 1) {
        store.add({ ...message, body: writeJson(content, numberIds) }, held ? null : dueAt);
      }
    }
    if (final) store.release(task.taskId, now + reorderGapMs, reorderGapMs);
  }

  /** Starts the deliveries that are due, up to the limit. Returns at once. */
  pump(now: number): void {
    const { store, waitUntil } = this.#options;
    while (this.#busyTasks.size < inFlightMax) {
      const callback = store.lease(now, this.#busyTasks);
      if (callback === null) return;
      this.#busyTasks.add(callback.taskId);
      waitUntil(this.#deliver(callback));
    }
  }

  /** The latest time of the next `pump`. Null if nothing is queued. */
  nextAt(now: number): number | null {
    const { dueAt, leased } = this.#options.store.next();
    // The end of a delivery starts the next one. The alarm is for a delivery that never ends.
    const waitsForRoom = dueAt !== null && dueAt <= now && this.#busyTasks.size > 0;
    const next = waitsForRoom ? null : dueAt;
    return leased ? Math.min(next ?? Number.MAX_SAFE_INTEGER, now + leaseMs) : next;
  }

  async #deliver(callback: Callback): Promise<void> {
    const { store, reschedule } = this.#options;
    const result = await this.#attempt(callback);
    const now = Date.now();
    store.log({ ...callback, ...result, at: now });
    const wait = backoffMs[callback.attempt - 1];
    if (result.ok || callback.forged || callback.attempt >= attemptsMax || wait === undefined) {
      store.remove(callback.seq);
    } else {
      store.retry(callback.seq, now + wait);
    }
    this.#busyTasks.delete(callback.taskId);
    this.pump(now);
    reschedule();
  }

  async #attempt(callback: Callback): Promise<{ ok: boolean; httpStatus: number | null; error: string | null }> {
    const { settings, send } = this.#options;
    const { webhookSecrets } = settings();
    const secrets = callback.forged && webhookSecrets.length > 0 ? [forgersSecret] : webhookSecrets;
    try {
      const response = await send(
        new Request(callback.url, {
          method: 'POST',
          headers: {
            'content-type': 'application/json; charset=utf-8',
            ...signMessage(secrets, callback.messageId, new Date(), callback.body),
          },
          body: callback.body,
          redirect: 'manual',
          signal: AbortSignal.timeout(receiverTimeoutMs),
        }),
      );
      await response.body?.cancel();
      return { ok: response.ok, httpStatus: response.status, error: null };
    } catch (error) {
      return { ok: false, httpStatus: null, error: String(error) };
    }
  }

  /** Queues two messages that an attacker could send, each claiming success: to a wrong URL, and about an unknown task. */
  #forge(task: Task, url: string, content: Record<string, unknown>, now: number): void {
    const unknownId = createDigitsId();
    const message = { taskId: task.taskId, status: 'succeed', messageId: createDigitsId(), forged: true };
    const claim = { ...content, task_status: 'succeed' };
    this.#options.store.add({ ...message, url: spoilLastSegment(url), body: JSON.stringify(claim) }, now);
    this.#options.store.add({ ...message, url, body: JSON.stringify({ ...claim, task_id: unknownId }) }, now);
  }

  #randomDelay(): number {
    const { delayCallbackMs } = this.#options.settings().faults;
    if (delayCallbackMs === 0) return 0;
    // Sixteen steps, drawn from the account's own generator.
    let steps = 0;
    for (let bit = 1; bit <= 8; bit *= 2) steps += this.#options.chance(0.5) ? bit : 0;
    return Math.round((delayCallbackMs * steps) / 15);
  }
}

function rewriteOrigin(url: string, origin: string | null): string {
  if (origin === null) return url;
  const { pathname, search } = new URL(url);
  return `${origin}${pathname}${search}`;
}

/** Shifts the last segment of the path by one character, so that a token in it is wrong. */
function spoilLastSegment(url: string): string {
  const spoilt = new URL(url);
  const segments = spoilt.pathname.split('/');
  const last = segments.pop() ?? '';
  spoilt.pathname = [...segments, `${last.slice(1)}x`].join('/');
  return spoilt.href;
}

/** Builds the Standard Webhooks headers of one message, with a signature for each secret. A rotation has two secrets. */
export function signMessage(
  secrets: readonly string[],
  messageId: string,
  at: Date,
  body: string,
): Readonly<Record<string, string>> {
  if (secrets.length === 0) return {};
  return {
    'webhook-id': messageId,
    'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
    'webhook-signature': secrets.map((secret) => new Webhook(secret).sign(messageId, at, body)).join(' '),
  };
}
