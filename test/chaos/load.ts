import { setTimeout as wait } from 'node:timers/promises';
import { sendOperation, type Sent } from '../node/send-operation.ts';
import type { Intent } from './plan.ts';

/** The knowledge of one client about its task at the end. */
export interface ClientView {
  readonly intent: Intent;
  /** The task whose result is the video of a one-call task. Null for another video. */
  readonly afterId: string | null;
  /** The gateway's own id, from the first acknowledged create. Null if no create was acknowledged. */
  taskId: string | null;
  /** The code of the final refusal. Null if the create was not refused. */
  refusedWith: string | null;
  attempts: number;
  /** True once the gateway has acknowledged a cancel. */
  isCancelled: boolean;
  /** Violations that this client saw. */
  readonly problems: string[];
}

interface Seen {
  readonly id: string;
  readonly status: string;
}

/** The attempts of a client, which last longer than any outage of the round. */
const ATTEMPTS_MAX = 80;
const RETRY_MS = 150;

const RANK: Readonly<Record<string, number>> = {
  PREPARING: -1,
  QUEUED: 0,
  SUBMITTED: 1,
  PROCESSING: 2,
  UNRECOGNIZED: 2,
  SUCCEEDED: 3,
  FAILED: 3,
  CANCELLED: 3,
};
const CREATE_LIP_SYNC = `mutation ($input: CreateLipSyncTaskInput!) { made: createLipSyncTask(input: $input) { ... on LipSyncTask { id status } ... on Failure { code message } } }`;
const MUTATIONS = {
  VOICE: `mutation ($input: CreateVoiceTaskInput!) { made: createVoiceTask(input: $input) { ... on VoiceTask { id status } ... on Failure { code message } } }`,
  ONE_CALL: CREATE_LIP_SYNC,
  LIP_SYNC: CREATE_LIP_SYNC,
} as const;
const CANCEL = `mutation ($taskId: ID!) { made: cancelTask(taskId: $taskId) { ... on Task { id status } ... on Failure { code message } } }`;
const FIND = `query ($externalId: String!) { task(by: { externalId: $externalId }) { id status } }`;
const SCAN = `mutation ($video: VideoInput!, $externalId: String) { identifyFaces(video: $video, externalId: $externalId) { ... on FaceScan { faces { id startMs } } ... on Failure { code message } } }`;

/** A face for lip-syncs, scanned before any fault, because scans are not tasks. */
export interface ScannedFace {
  readonly id: string;
  readonly startMs: number;
}

/** Scans one video. Costs one face scan. */
export async function scanFace(gatewayUrl: string): Promise<ScannedFace> {
  const variables = { video: { url: 'https://example.com/person-10s.mp4' } };
  const sent = await sendOperation(gatewayUrl, { query: SCAN, variables }, null);
  const data = 'answer' in sent ? (sent.answer.data as { identifyFaces?: { faces: ScannedFace[] } }) : null;
  const face = data?.identifyFaces?.faces[0];
  if (face === undefined) throw new Error(`the scan failed: ${JSON.stringify(sent)}`);
  return face;
}

/**
 * Runs one client. It repeats its create with the same external id until it knows the outcome, and then reads the task.
 * Calls `onTask` with the id of the task. `afterId` is the id of the task whose result is the video of a one-call task.
 */
export async function runClient(
  gatewayUrl: string,
  intent: Intent,
  face: ScannedFace,
  onTask: (taskId: string) => void,
  afterId: string | null = null,
): Promise<ClientView> {
  const view: ClientView = {
    intent,
    afterId,
    taskId: null,
    refusedWith: null,
    attempts: 0,
    isCancelled: false,
    problems: [],
  };
  const operation = { query: MUTATIONS[intent.kind], variables: { input: toInput(intent, face, afterId) } };
  let rank = -1;

  function see(task: Seen, where: string): void {
    if (view.taskId !== null && view.taskId !== task.id) view.problems.push(`${where} shows another task under the id`);
    if (view.taskId === null) onTask(task.id);
    view.taskId ??= task.id;
    const next = RANK[task.status] ?? -1;
    if (next < rank) view.problems.push(`${where} shows ${task.status} after a later status`);
    rank = Math.max(rank, next);
  }

  /** Kling may have received the task, so a `CONFLICT` is a right answer, too. */
  async function cancel(taskId: string): Promise<void> {
    const sent = await sendOperation(gatewayUrl, { query: CANCEL, variables: { taskId } }, null);
    const cancelled = taskOf(sent, 'made');
    if (cancelled !== null) {
      see(cancelled, 'a cancel');
      view.isCancelled = cancelled.status === 'CANCELLED';
      if (!view.isCancelled) view.problems.push(`a cancel answers ${cancelled.status}`);
    } else if ('answer' in sent && !isCutShort(sent) && !JSON.stringify(sent.answer.data).includes('"CONFLICT"')) {
      view.problems.push(`a cancel answers ${JSON.stringify(sent.answer).slice(0, 200)}`);
    }
  }

  while (view.taskId === null && view.refusedWith === null && view.attempts < ATTEMPTS_MAX) {
    const sent = await sendOperation(gatewayUrl, operation, intent.cutsMs[view.attempts] ?? null);
    view.attempts += 1;
    const made = taskOf(sent, 'made');
    if (made !== null) see(made, 'a create');
    else if ('answer' in sent && !isCutShort(sent)) takeRefusal(view, sent);
    if (intent.isAbandoned) return view;
    if (view.taskId === null) await wait(RETRY_MS);
  }
  if (view.taskId === null) {
    if (view.refusedWith === null) view.problems.push(`no answer in ${view.attempts} attempts`);
    return view;
  }
  if (intent.isCancelled) await cancel(view.taskId);
  for (const readMs of intent.readsMs) {
    await wait(readMs);
    const sent = await sendOperation(gatewayUrl, { query: FIND, variables: { externalId: intent.externalId } }, null);
    const read = taskOf(sent, 'task');
    if (read !== null) see(read, 'a read');
    else if ('answer' in sent && !isCutShort(sent))
      view.problems.push(`a read answers ${JSON.stringify(sent.answer).slice(0, 200)}`);
  }
  return view;
}

/** Whether the outcome is unknown because the object was aborted. Counts as no answer. */
function isCutShort({ answer }: Extract<Sent, { answer: unknown }>): boolean {
  const { code, retryable } = answer.errors?.[0]?.extensions ?? {};
  return code === 'UPSTREAM_UNAVAILABLE' && retryable === true;
}

function takeRefusal(view: ClientView, sent: Extract<Sent, { answer: unknown }>): void {
  const { made } = (sent.answer.data ?? {}) as { readonly made?: { readonly code?: string } | null };
  const code = made?.code ?? sent.answer.errors?.[0]?.extensions?.code ?? 'none';
  view.refusedWith = code;
  if (!isExpected(view.intent, code)) {
    view.problems.push(`the create was refused: ${JSON.stringify(sent.answer).slice(0, 300)}`);
  }
}

/** Whether a task is meant to be refused. A one-call task comes too late if the task that makes its video has failed. */
function isExpected({ kind, word, oneCall }: Intent, code: string): boolean {
  if (kind === 'ONE_CALL') return code === 'BAD_USER_INPUT' && oneCall?.after != null;
  return code === 'CONTENT_REJECTED' && word === 'content-rejected';
}

/** A failure that a create answers with. */
interface Refused {
  readonly code: string;
}

function taskOf(sent: Sent, field: 'made' | 'task'): Seen | null {
  if (!('answer' in sent)) return null;
  const data = sent.answer.data as { made?: Seen | Refused | null; task?: Seen | null } | null | undefined;
  const task = field === 'made' ? data?.made : data?.task;
  return task === null || task === undefined || 'code' in task ? null : task;
}

function toInput(
  { externalId, kind, word, webhookUrl, oneCall }: Intent,
  face: ScannedFace,
  afterId: string | null,
): object {
  if (oneCall !== undefined) {
    const video = afterId === null ? { url: oneCall.videoUrl } : { task: { id: afterId } };
    const speech = { text: oneCall.text, klingVoiceId: 'oversea_male1' };
    return { face: { inVideo: { video } }, audio: { speech }, externalId, webhookUrl };
  }
  const name = `${externalId}${word === null ? '' : `-sandbox-${word}`}`;
  if (kind === 'VOICE')
    return {
      name: externalId.slice(-20),
      sample: { url: `https://example.com/${name}-12s.mp3` },
      externalId,
      webhookUrl,
    };
  return {
    face: { faceId: face.id },
    audio: { url: `https://example.com/${name}-5s.mp3` },
    placement: { audioStartMs: 0, audioEndMs: 3_000, insertAtMs: face.startMs + 500 },
    videoDurationMs: 10_000,
    externalId,
    webhookUrl,
  };
}
