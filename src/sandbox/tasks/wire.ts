import { pickVariant } from '../random.ts';
import { isFinal, type LipSyncVideo, type ParentVideo, type Task } from './task.ts';

/** A link expires after this time. */
const linkLifeMs = 30 * 24 * 3600 * 1000;

/** The call that a task is rendered for. */
export interface Rendering {
  readonly origin: string;
  readonly now: number;
  /** Whether the voice that the task made was deleted. */
  readonly voiceDeleted: boolean;
}

/**
 * Renders the answer to a create, as Kling does. Live answers of Kling vary from its published ones, so the functions here
 * pick a variant by the id of the task.
 */
export function renderCreated(task: Task): Record<string, unknown> {
  return {
    task_id: task.taskId,
    task_info: renderExternalId(task),
    task_status: task.status,
    created_at: task.createdAt,
    updated_at: task.updatedAt,
  };
}

/** Renders a task for reads and lists. */
export function renderTask(task: Task, rendering: Rendering): Record<string, unknown> {
  const { video } = task.plan;
  const info = renderExternalId(task);
  const showsParent = isFinal(task.status) || Object.keys(info ?? {}).length > 0;
  const messageless =
    task.message === '' && pickVariant(task.taskId, 'message', ['blank', 'blank', 'missing']) === 'missing';
  return {
    task_id: task.taskId,
    task_status: task.status,
    task_status_msg: messageless ? undefined : task.message,
    task_info: video !== null && showsParent ? { parent_video: renderParent(video.parent, task), ...info } : info,
    task_result: renderResult(task, rendering),
    watermark_info: video === null ? undefined : { enabled: video.watermark },
    ...renderDeduction(task),
    created_at: task.createdAt,
    updated_at: task.updatedAt,
  };
}

/** Renders the body of a callback: the task without an envelope, with images and videos as its only results. */
export function renderCallback(task: Task, now: number): Record<string, unknown> {
  const { video, words } = task.plan;
  const linkedAt = words.includes('expired') ? now - 2 * linkLifeMs : now;
  const done = task.status === 'succeed' && video !== null;
  return {
    task_id: task.taskId,
    task_status: task.status,
    task_status_msg: task.message,
    created_at: task.createdAt,
    updated_at: task.updatedAt,
    final_unit_deduction: isFinal(task.status) ? toUnits(task.charged) : undefined,
    task_info: {
      parent_video: video === null ? undefined : renderParent(video.parent, task),
      external_task_id: task.externalTaskId ?? '',
    },
    task_result: {
      images: [],
      videos: done
        ? [
            {
              id: video.id,
              url: videoUrl(task.plan.origin, video, linkedAt),
              duration: renderSeconds(video.parent.durationMs),
            },
          ]
        : [],
    },
  };
}

/** Renders a task of any kind for `GET /tasks`. */
export function renderNormalised(task: Task, rendering: Rendering): Record<string, unknown> {
  const { voice, video } = task.plan;
  const done = task.status === 'succeed';
  const outputs = [
    ...(done && voice !== null && !rendering.voiceDeleted
      ? [
          {
            type: 'voice',
            id: voice.id,
            name: voice.name,
            url: fileUrl(rendering.origin, 'audio', voice.id, rendering.now),
          },
        ]
      : []),
    ...(done && video !== null
      ? [
          {
            type: 'video',
            id: video.id,
            url: videoUrl(rendering.origin, video, rendering.now),
            duration: renderSeconds(video.parent.durationMs),
          },
        ]
      : []),
  ];
  return {
    id: task.taskId,
    status: done ? 'succeeded' : task.status,
    message: task.message,
    create_time: task.createdAt,
    update_time: task.updatedAt,
    external_id: task.externalTaskId ?? '',
    outputs,
    billing: isFinal(task.status) ? [{ type: 'unit', amount: toUnits(task.charged) }] : [],
  };
}

/** Builds a link to a result, which expires after 30 days. Every read makes a new one. */
export function fileUrl(origin: string, kind: 'video' | 'image' | 'audio', id: string, linkedAt: number): string {
  const extension = { video: 'mp4', image: 'png', audio: 'mp3' }[kind];
  const expires = Math.floor((linkedAt + linkLifeMs) / 1000);
  return `${origin}/files/${kind}/${encodeURIComponent(id)}.${extension}?x-expires=${expires}`;
}

/** Names a file after its result and its length, from which its bytes are chosen. */
export function nameOf(id: string, durationMs: number): string {
  return `${id}-${durationMs / 1000}s`;
}

function videoUrl(origin: string, { id, parent }: LipSyncVideo, linkedAt: number, suffix = ''): string {
  return fileUrl(origin, 'video', nameOf(`${id}${suffix}`, parent.durationMs), linkedAt);
}

/** Writes milliseconds as Kling writes seconds: `5.1`, `10.0`. */
export function renderSeconds(ms: number): string {
  return ms % 1000 === 0 ? `${ms / 1000}.0` : String(ms / 1000);
}

/** Writes hundredths as Kling writes units: `0.05`, `1.5`, `2`. */
export function toUnits(hundredths: number): string {
  return String(hundredths / 100);
}

function renderExternalId(task: Task): Record<string, string> | undefined {
  const variant = pickVariant(task.taskId, 'info', ['full', 'full', 'missing', 'empty']);
  if (variant === 'missing') return undefined;
  return variant === 'empty' ? {} : { external_task_id: task.externalTaskId ?? '' };
}

function renderParent(parent: ParentVideo, task: Task): Record<string, unknown> {
  const asNumber = pickVariant(task.taskId, 'duration', ['text', 'text', 'text', 'number']) === 'number';
  return {
    id: parent.id,
    url: parent.url,
    duration: asNumber ? parent.durationMs / 1000 : renderSeconds(parent.durationMs),
  };
}

function renderResult(task: Task, { origin, now, voiceDeleted }: Rendering): Record<string, unknown> | undefined {
  const { voice, video } = task.plan;
  if (task.status !== 'succeed') {
    return pickVariant(task.taskId, 'result', ['empty', 'missing']) === 'empty' ? {} : undefined;
  }
  if (voice !== null) {
    const trialUrl = fileUrl(origin, 'audio', voice.id, now);
    const made = { voice_id: voice.id, voice_name: voice.name, trial_url: trialUrl, owned_by: 'sandbox-creator' };
    return { voices: voiceDeleted ? [] : [made] };
  }
  if (video === null) return {};
  const url = videoUrl(origin, video, now);
  const watermarkUrl = video.watermark ? videoUrl(origin, video, now, '-watermark') : undefined;
  return {
    videos: [{ id: video.id, url, watermark_url: watermarkUrl, duration: renderSeconds(video.parent.durationMs) }],
  };
}

function renderDeduction(task: Task): Record<string, unknown> {
  if (!isFinal(task.status)) return {};
  const asNumber = pickVariant(task.taskId, 'deduction', ['text', 'text', 'text', 'number']) === 'number';
  const newer = pickVariant(task.taskId, 'balance', ['no', 'no', 'yes']) === 'yes';
  return {
    final_unit_deduction: asNumber ? task.charged / 100 : toUnits(task.charged),
    final_balance_deduction: newer ? { quota: '0', list_price: '0' } : undefined,
  };
}
