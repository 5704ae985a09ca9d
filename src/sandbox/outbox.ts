import { Webhook } from 'standardwebhooks';
import { writeJson } from './envelope.ts';
import { createDigitsId } from './random.ts';
import type { Settings } from './settings.ts';
import type { Callback, CallbackStore } from './store/callback-store.ts';
import { isFinal, type Task } from './tasks/task.ts';
import { renderCallback } from './tasks/wire.ts';

/** Messages on their way at once: the platform opens no more connections. */
const inFlightMax = 6;
/** The first attempt and three more. */
const attemptsMax = 4;
/** Waits before the second, third and fourth attempt. */
const backoffMs = [200, 400, 800];
const receiverTimeoutMs = 5000;
/** How late `sandbox-callback-late` is. */
const lateMs = 5000;
/** Between messages that were held back to arrive in the wrong order. */
const reorderGapMs = 200;
/** After this, a message that a dead process had taken is taken again. */
const leaseMs = 15_000;
/** Signs forged messages of an account that signs its own: well-formed, and nobody's. */
const forgersSecret = 'whsec_Zm9yZ2Vkc2VjcmV0Zm9yZ2Vkc2VjcmV0Zm9yZ2Vk';

/** What the outbox needs of its account. */
export interface OutboxOptions {
  readonly store: CallbackStore;
  readonly settings: () => Settings;
  readonly chance: (probability: number) => boolean;
  readonly send: (request: Request) => Promise<Response>;
  readonly waitUntil: (work: Promise<unknown>) => void;
  /** Called when a delivery is over, so that the next alarm can be set. */
  readonly reschedule: () => void;
}

/** Sends an account's callbacks: queued in SQLite, at least once, a task's own in order unless asked otherwise. */
export class Outbox {
  readonly #options: OutboxOptions;
  readonly #busyTasks = new Set<string>();

  constructor(options: OutboxOptions) {
    this.#options = options;
    options.store.dropLeases();
  }

  /** Queues the messages about the state a task has just entered, with whatever is meant to go wrong with them. */
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

  /** Starts every delivery that is due, as far as there is room. Returns at once. */
  pump(now: number): void {
    const { store, waitUntil } = this.#options;
    while (this.#busyTasks.size < inFlightMax) {
      const callback = store.lease(now, this.#busyTasks);
      if (callback === null) return;
      this.#busyTasks.add(callback.taskId);
      waitUntil(this.#deliver(callback));
    }
  }

  /** When `pump` has to be called next, at the latest; null for never. */
  nextAt(now: number): number | null {
    const { dueAt, leased } = this.#options.store.next();
    // What is due but waits for a delivery under way is taken up when that ends; the alarm is for the case that it never does.
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

  /** What an outsider could send: to a URL guessed wrong, and about a task that is not. Each claims success. */
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
    // Sixteen steps are fine enough, and come from the account's own dice.
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

/** The same URL with the last part of its path moved by one character, so that a token in it cannot be right. */
function spoilLastSegment(url: string): string {
  const spoilt = new URL(url);
  const segments = spoilt.pathname.split('/');
  const last = segments.pop() ?? '';
  spoilt.pathname = [...segments, `${last.slice(1)}x`].join('/');
  return spoilt.href;
}

/** The Standard Webhooks headers of one message: a signature for each secret, two while a secret is being changed. */
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
