import type { AccountContext, Call, Refusal } from './account-context.ts';
import type { Body } from './endpoints/fields.ts';
import { KlingFailure, toHeld, toProxyPage, toErrorAnswer, toSuccess, type Answer } from './envelope.ts';
import type { Source } from './media/source.ts';
import { createRequestId } from './random.ts';
import { decodeSegment, findRoute, type Route } from './routes.ts';
import { accountScenarioText, findScenarios, type Scenarios } from './scenarios.ts';
import { isRecord } from './settings.ts';
import type { LateCall } from './store/late-store.ts';
import { settle } from './tasks/lifecycle.ts';

/** One HTTP request, as the Worker sends it to the account. */
export interface IncomingCall {
  readonly method: string;
  readonly origin: string;
  readonly path: string;
  readonly search: string;
  readonly body: string;
  readonly credential: 'jwt' | 'api-key';
  readonly source: Source;
  /** Why the token is refused. Null if it is valid. */
  readonly refusal: Refusal | null;
}

interface Progress {
  route: Route | null;
  taskId: string | null;
  isMade: boolean;
}

const slowMs = 3000;
const hangMs = 60_000;

/** Answers one call of an account, with every failure that its scenario words ask for, and records it. */
export function exchange(account: AccountContext, incoming: IncomingCall, now: number): Answer {
  const requestId = createRequestId(account.record.increase('calls', 1));
  if (account.record.counter('firstCallAt') === 0) account.record.setCounter('firstCallAt', now);
  const path = decodeSegment(incoming.path);
  const scenarios = findScenarios(textsOf(account, incoming));
  const progress: Progress = { route: null, taskId: null, isMade: false };
  let answer: Answer;
  let code: number | null = 0;
  try {
    answer = carryOut(account, incoming, scenarios, requestId, now, progress);
  } catch (error) {
    if (!(error instanceof KlingFailure)) throw error;
    answer = toErrorAnswer(requestId, error.code, error.message);
    if (error.code === scenarios.errorCodeWithHttp200) answer = { ...answer, httpStatus: 200 };
    code = error.code;
  }
  if (answer.held === undefined) answer = spoil(answer, scenarios, progress.route);
  if (scenarios.words.has('html') || answer.held !== undefined) code = null;
  account.record.addRequest(
    { at: now, method: incoming.method, path, code, httpStatus: answer.httpStatus, requestId, taskId: progress.taskId },
    progress.route === null ? 'other' : `${progress.route.method} ${progress.route.path}`,
  );
  if (progress.route?.paidFor !== undefined) {
    const source = sourceOf(incoming.body, progress.route.paidFor);
    const wholeCode = scenarios.words.has('cut-off') ? null : code;
    account.paidCalls.add(requestId, { at: now, path, source, code: wholeCode, isMade: progress.isMade });
  }
  return answer;
}

/** Returns the first of these fields that a body has. Null for a body that is refused for its form. */
function sourceOf(text: string, fields: readonly string[]): string | null {
  try {
    const body = parseBody(text);
    return fields.map((field) => body[field]).find((value) => typeof value === 'string') ?? null;
  } catch (error) {
    if (error instanceof KlingFailure) return null;
    throw error;
  }
}

function carryOut(
  account: AccountContext,
  incoming: IncomingCall,
  scenarios: Scenarios,
  requestId: string,
  now: number,
  progress: Progress,
): Answer {
  if (incoming.refusal !== null) throw new KlingFailure(incoming.refusal.code, incoming.refusal.message);
  const { route, id } = findRoute(incoming.method, incoming.path);
  progress.route = route;
  refuseBefore(account, scenarios, route);
  const heldMs = drawHeldMs(account, scenarios, route);
  if (heldMs !== null) {
    const dueAt = now + heldMs + account.settings.lateMs;
    account.late.add({ requestId, incoming: JSON.stringify(incoming), dueAt });
    return toHeld({ account: account.key, requestId, forMs: heldMs });
  }
  const outcome = route.handle(toCall(incoming, id, route, scenarios, now), account);
  progress.taskId = outcome.taskId ?? null;
  progress.isMade = true;
  failAfter(account, scenarios, route);
  return toSuccess(requestId, outcome.data, scenarios.words.has('number-id') || outcome.numberIds === true);
}

/** Does everything that is due, each at its own time: moves tasks and carries out late calls. */
export function catchUp(account: AccountContext, now: number): void {
  for (let late = account.late.take(now); late !== null; late = account.late.take(now)) {
    settle(account, late.dueAt);
    carryOutLate(account, late);
  }
  settle(account, now);
}

/** Carries out a late call. Its client has gone, so only the record shows the outcome. */
function carryOutLate(account: AccountContext, { requestId, incoming: text, dueAt }: LateCall): void {
  const incoming: IncomingCall = JSON.parse(text);
  const { route, id } = findRoute(incoming.method, incoming.path);
  const scenarios = findScenarios(textsOf(account, incoming));
  try {
    const { taskId = null } = route.handle(toCall(incoming, id, route, scenarios, dueAt), account);
    account.record.conclude(requestId, 0, taskId);
    account.paidCalls.carriedOut(requestId);
  } catch (error) {
    if (!(error instanceof KlingFailure)) throw error;
    account.record.conclude(requestId, error.code, null);
  }
}

/** How long the connection of a late call is held open. Null if the call is not late. */
function drawHeldMs(account: AccountContext, { words }: Scenarios, route: Route): number | null {
  const { faults } = account.settings;
  if (route.kind !== 'make') return null;
  if (words.has('acts-late-cut') || account.chance(faults.actsLateCut)) return 0;
  return words.has('acts-late') || account.chance(faults.actsLate) ? hangMs : null;
}

function textsOf({ key }: AccountContext, { path, search, body }: IncomingCall): readonly string[] {
  return [decodeSegment(path), decodeSegment(search), body, accountScenarioText(key)];
}

function toCall(incoming: IncomingCall, id: string, route: Route, scenarios: Scenarios, now: number): Call {
  return {
    id,
    query: new URLSearchParams(incoming.search),
    body: route.method === 'POST' ? parseBody(incoming.body) : {},
    origin: incoming.origin,
    credential: incoming.credential,
    scenarios,
    source: incoming.source,
    now,
  };
}

function parseBody(text: string): Body {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    throw new KlingFailure(1200, 'Invalid request parameters: the body is not JSON');
  }
  if (!isRecord(body)) throw new KlingFailure(1200, 'Invalid request parameters: the body is not a JSON object');
  return body;
}

/** Throws the failures that leave nothing behind. */
function refuseBefore(account: AccountContext, scenarios: Scenarios, route: Route): void {
  const { words, errorCode, errorCodeWithHttp200, flaky } = scenarios;
  const { faults } = account.settings;
  if (errorCodeWithHttp200 !== null) throw new KlingFailure(errorCodeWithHttp200);
  if (errorCode !== null) throw new KlingFailure(errorCode);
  if (words.has('rate-limited')) throw new KlingFailure(1302);
  for (const { key, failures } of flaky) {
    if (account.record.increase(`flaky:${key}`, 1) <= failures) throw new KlingFailure(5000);
  }
  if (route.kind === 'make') {
    if (words.has('content-rejected')) throw new KlingFailure(1301);
    if (words.has('pack-exhausted')) throw new KlingFailure(1102);
    if (words.has('parallel-limit')) throw new KlingFailure(1303);
  }
  if (account.chance(faults.tooManyRequests)) throw new KlingFailure(1302);
  if (account.chance(route.kind === 'read' ? faults.readError : faults.errorBefore)) throw new KlingFailure(5000);
}

/** Throws the failures of a call that was carried out and charged, so that only its answer is lost. */
function failAfter(account: AccountContext, { words }: Scenarios, route: Route): void {
  if (route.kind === 'read') return;
  const { faults } = account.settings;
  if (words.has('error-after') || account.chance(faults.errorAfter)) throw new KlingFailure(5000);
  if (words.has('timeout-after') || words.has('hang-after') || account.chance(faults.timeoutAfter)) {
    throw new KlingFailure(5002);
  }
}

/** Delays, replaces or truncates an answer, as its scenario words ask. */
function spoil(answer: Answer, { words }: Scenarios, route: Route | null): Answer {
  const hangs = words.has('hang-after') && route !== null && route.kind !== 'read';
  const delayMs = (words.has('slow') ? slowMs : 0) + (hangs ? hangMs : 0);
  if (words.has('html')) return toProxyPage(delayMs);
  const body = words.has('cut-off') ? answer.body.slice(0, Math.floor(answer.body.length / 2)) : answer.body;
  return { ...answer, body, delayMs };
}
