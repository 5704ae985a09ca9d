import type { AccountContext, Call, Handler } from '../account-context.ts';
import { KlingFailure, invalid } from '../envelope.ts';
import { hashText } from '../random.ts';
import type { Task, TaskKind } from '../tasks/task.ts';
import { renderNormalised, renderTask, type Rendering } from '../tasks/wire.ts';
import { readPage } from './fields.ts';

const normalisedIdsMax = 20;

/** Reads one task, by Kling's id or the external id. */
export function readTask(kind: TaskKind): Handler {
  return (call, account) => {
    const task = account.tasks.find(call.id, kind);
    if (task === null) throw invalid(`Task not found by id/external id: ${call.id}`);
    return {
      data: renderTask(task, toRendering(task, call, account)),
      taskId: task.taskId,
      numberIds: hasNumberIds(task),
    };
  };
}

/** Lists a page of tasks, newest first. */
export function listTasks(kind: TaskKind, pageSizeMax: number): Handler {
  return (call, account) => {
    const { page, pageSize } = readPage(call.query, pageSizeMax);
    const tasks = account.tasks.list(kind, page, pageSize);
    return {
      data: tasks.map((task) => renderTask(task, toRendering(task, call, account))),
      numberIds: tasks.some((task) => hasNumberIds(task)),
    };
  };
}

/** `GET /tasks?task_ids=a,b`: for API keys only. Leaves out unknown ids. */
export const listTasksByIds: Handler = (call, account) => {
  if (call.credential !== 'api-key') throw new KlingFailure(1002, 'Authorization is invalid: API key required');
  const ids = (call.query.get('task_ids') ?? '').split(',').filter((id) => id !== '');
  if (ids.length === 0) throw invalid('taskIds: must not be empty');
  if (ids.length > normalisedIdsMax) throw invalid(`taskIds: size must be between 1 and ${normalisedIdsMax}`);
  const tasks = [...new Set(ids)].flatMap((id) => {
    const task = account.tasks.find(id, null);
    return task?.taskId === id ? [task] : [];
  });
  return {
    data: tasks.map((task) => renderNormalised(task, toRendering(task, call, account))),
    numberIds: tasks.some((task) => hasNumberIds(task)),
  };
};

function toRendering(task: Task, { origin, now }: Call, account: AccountContext): Rendering {
  const { voice } = task.plan;
  const voiceDeleted = voice !== null && account.things.get('voice', voice.id)?.deleted === true;
  return { origin, now, voiceDeleted };
}

function hasNumberIds(task: Task): boolean {
  return task.plan.words.includes('number-id');
}

/** The shortest interval between two calls. */
const gapMs = 1000;
const yearMs = 365 * 24 * 3600 * 1000;

/** `GET /account/costs`: the one resource pack of the account, in an envelope inside the envelope. */
export const readCosts: Handler = (call, account) => {
  const startTime = readTime(call.query, 'start_time');
  const endTime = readTime(call.query, 'end_time');
  if (endTime < startTime) throw invalid('endTime: must not be earlier than startTime');
  if (call.now - account.record.counter('costsReadAt') < gapMs) throw new KlingFailure(1302);
  account.record.setCounter('costsReadAt', call.now);
  const firstCallAt = account.record.counter('firstCallAt');
  const left = account.settings.units - account.record.counter('charged') / 100;
  const packs = [
    {
      resource_pack_name: 'Sandbox resource pack',
      resource_pack_id: `sandbox-pack-${hashText(account.key)}`,
      resource_pack_type: 'decreasing_total',
      total_quantity: account.settings.units,
      remaining_quantity: Math.max(0, Math.round(left * 100) / 100),
      purchase_time: firstCallAt,
      effective_time: firstCallAt,
      invalid_time: firstCallAt + yearMs,
      status: left > 0 ? 'online' : 'runOut',
    },
  ];
  return {
    data: { code: 0, msg: 'SUCCEED', resource_pack_subscribe_infos: firstCallAt <= endTime ? packs : [] },
  };
};

function readTime(query: URLSearchParams, name: string): number {
  const text = query.get(name) ?? '';
  if (!/^\d{1,15}$/.test(text)) throw invalid(`${name}: must be a Unix timestamp in ms`);
  return Number(text);
}
