import type { AccountContext, Call, Handler } from '../account-context.ts';
import { invalid } from '../envelope.ts';
import { readAudioMs, readVideoHints } from '../media/hints.ts';
import type { Source } from '../media/source.ts';
import { createDigitsId, hashText, pickVariant } from '../random.ts';
import { createTask, planCourse, prices } from '../tasks/lifecycle.ts';
import { fileUrl, renderCreated } from '../tasks/wire.ts';
import { checkUrl, readCallbackUrl, readPage, readRequiredText, readRequiredTextUpTo, readText } from './fields.ts';
import { findVideo, readFile } from './sources.ts';

/** `POST /v1/general/custom-voices`: creates a custom voice. */
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

/** `POST /v1/general/delete-voices`: deletes a custom voice. Some answers have no `data`. */
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

/** `GET /v1/general/presets-voices`: one voice in each item. Some items lack the fields of a task. */
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

/** 2025-12-03, when Kling published the voices. */
const presetsCreatedAt = 1_764_720_000_000;

/** The checked input of a custom voice. */
interface VoiceInput {
  readonly name: string;
  readonly externalTaskId: string | null;
  readonly callbackUrl: string | null;
}

const nameCharactersMax = 20;
const durationMinMs = 5000;
const durationMaxMs = 30_000;
const extensions = ['mp3', 'wav', 'mp4', 'mov'];

/** Checks what Kling's custom voice page requires. It allows both sources at once. The URL then wins. */
function validateVoice({ body, now, source }: Call, account: AccountContext): VoiceInput {
  const name = readRequiredTextUpTo(body, 'voice_name', nameCharactersMax);
  const url = readText(body, 'voice_url');
  const videoId = readText(body, 'video_id');
  const externalTaskId = readText(body, 'external_task_id');
  const callbackUrl = readCallbackUrl(body);
  if (url === null && videoId === null) throw invalid('input.voiceUrl and input.videoId cannot both be empty');
  const durationMs = url === null ? findVideo(account, videoId ?? '', now).durationMs : readSampleMs(url, source);
  if (durationMs < durationMinMs || durationMs > durationMaxMs) {
    throw invalid(`input.voiceUrl: duration must be between 5s and 30s, but got ${durationMs / 1000}s`);
  }
  return { name, externalTaskId, callbackUrl };
}

function readSampleMs(url: string, source: Source): number {
  checkUrl(url, 'voice_url', extensions);
  const file = readFile(source, 'voice_url', extensions);
  if (file?.hasSound === false) throw invalid('input.voiceUrl: the file has no audio');
  if (file !== null) return file.durationMs;
  const isVideo = /\.(mp4|mov)$/i.test(new URL(url).pathname);
  return isVideo ? readVideoHints(url).durationMs : readAudioMs(url);
}

/** The preset voices. Their ids and names are made up. */
const presetVoices: readonly { readonly id: string; readonly name: string }[] =
  `Amber Basil Clover Dahlia Elm Fern Garnet Hazel Iris Jasper Kestrel Laurel
  Maple Nettle Opal Poppy Quartz Rowan Sorrel Teal Umber Violet Willow Xenia
  Yarrow Zinnia Aspen Birch Cedar Dune Ember Flint Grove Heath Indigo Juniper`
    .split(/\s+/)
    .map((name, index) => ({ id: `8298${(24_295_735_410_756 + index * 7_919_000_017).toString()}`, name }));
