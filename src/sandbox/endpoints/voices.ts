import type { Handler } from '../account-context.ts';
import { invalid } from '../codes.ts';
import { createDigitsId } from '../ids.ts';
import { hashText, pickVariant } from '../random.ts';
import { createTask } from '../tasks/lifecycle.ts';
import { prices } from '../tasks/prices.ts';
import { planCourse } from '../tasks/transitions.ts';
import { fileUrl, renderCreated } from '../tasks/wire.ts';
import { readRequiredText } from './fields.ts';
import { readPage } from '../validate/paging.ts';
import { validateVoice } from '../validate/voice.ts';
import { presetVoices } from './preset-voices.ts';

/** POST /v1/general/custom-voices */
export const createVoice: Handler = (call, account) => {
  const input = validateVoice(call, account);
  const { words } = call.scenarios;
  const task = createTask(
    account,
    {
      kind: 'voice',
      externalTaskId: input.externalTaskId,
      price: prices.voice,
      plan: {
        words: [...words],
        origin: call.origin,
        callbackUrl: input.callbackUrl,
        voice: { id: createDigitsId(), name: input.name },
        video: null,
        ...planCourse(words, account.settings, call.now),
      },
    },
    call.now,
  );
  return { data: renderCreated(task), taskId: task.taskId };
};

/** POST /v1/general/delete-voices: sometimes answered without `data`. */
export const deleteVoice: Handler = (call, account) => {
  const voiceId = readRequiredText(call.body, 'voice_id');
  if (presetVoices.some((voice) => voice.id === voiceId)) throw invalid('only supports deleting custom voices');
  const voice = account.things.get('voice', voiceId);
  if (voice === null) throw invalid(`Voice id not found: ${voiceId}`);
  if (voice.deleted) throw invalid(`Voice ${voiceId} already be deleted`);
  account.things.markDeleted('voice', voiceId);
  if (pickVariant(voiceId, 'delete', ['data', 'none']) === 'none') return {};
  return { data: { task_id: createDigitsId(), task_status: 'succeed' } };
};

/** GET /v1/general/presets-voices: one voice to an item, some items without the fields of a task. */
export const listPresetVoices: Handler = (call) => {
  const { page, pageSize } = readPage(call.query, 1000);
  const shown = presetVoices.slice((page - 1) * pageSize, page * pageSize);
  return {
    data: shown.map(({ id, name }) => {
      const trialUrl = fileUrl(call.origin, 'audio', id, call.now);
      const result = { voices: [{ voice_id: id, voice_name: name, trial_url: trialUrl, owned_by: 'kling' }] };
      if (hashText(id) % 3 === 0) return { task_result: result };
      return {
        task_id: `7${id.slice(1)}`,
        task_status: 'succeed',
        task_status_msg: '',
        created_at: presetsCreatedAt,
        updated_at: presetsCreatedAt,
        task_result: result,
      };
    }),
  };
};

/** 2025-12-03, the day the voices came out. */
const presetsCreatedAt = 1_764_720_000_000;
