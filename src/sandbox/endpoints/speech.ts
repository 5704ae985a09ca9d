import type { Handler } from '../account-context.ts';
import { invalid } from '../codes.ts';
import { createDigitsId } from '../ids.ts';
import { charge } from '../tasks/lifecycle.ts';
import { prices, toUnits } from '../tasks/prices.ts';
import { fileUrl, renderSeconds } from '../tasks/wire.ts';
import { readNumber, readRequiredText, readRequiredTextUpTo } from './fields.ts';
import { readSoundMs } from './sources.ts';
import { resultLifeMs } from '../validate/videos.ts';
import { isSpeechVoice } from './speech-voices.ts';

const textCharactersMax = 1000;

/** POST /v1/audio/tts: the sound is there at once. Its text tells its length like a file's name: `Hello -12s`. */
export const synthesize: Handler = (call, account) => {
  const text = readRequiredTextUpTo(call.body, 'text', textCharactersMax);
  const voiceId = readRequiredText(call.body, 'voice_id');
  const language = readRequiredText(call.body, 'voice_language');
  readNumber(call.body, 'voice_speed', 0.8, 2, 1);
  if (language !== 'zh' && language !== 'en') throw invalid('input.voiceLanguage: must be one of zh, en');
  if (!isSpeechVoice(voiceId)) throw invalid(`Voice id not found: ${voiceId}`);
  charge(account, prices.speech);
  const audioId = createDigitsId();
  const taskId = createDigitsId();
  const durationMs = readSoundMs(text);
  const createdAt = call.scenarios.words.has('expired') ? call.now - resultLifeMs - 1 : call.now;
  account.things.put('sound', audioId, createdAt, { durationMs });
  const url = fileUrl(call.origin, 'audio', audioId, createdAt);
  return {
    taskId,
    data: {
      task_id: taskId,
      task_status: 'succeed',
      task_status_msg: '',
      task_result: { audios: [{ id: audioId, url, duration: renderSeconds(durationMs) }] },
      final_unit_deduction: toUnits(prices.speech),
      created_at: call.now,
      updated_at: call.now,
    },
  };
};
