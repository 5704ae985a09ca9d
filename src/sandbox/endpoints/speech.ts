import type { Handler } from '../account-context.ts';
import { invalid } from '../envelope.ts';
import { createDigitsId } from '../random.ts';
import { readAudioMs } from '../media/hints.ts';
import { charge, prices } from '../tasks/lifecycle.ts';
import { fileUrl, nameOf, renderSeconds, toUnits } from '../tasks/wire.ts';
import { readNumber, readRequiredText, readRequiredTextUpTo } from './fields.ts';
import { resultLifeMs } from './sources.ts';

const textCharactersMax = 1000;

/** `POST /v1/audio/tts`: answers with the audio at once. The text can name its length, as in `Hello -12s`. */
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
  const durationMs = readAudioMs(text);
  const createdAt = call.scenarios.words.has('expired') ? call.now - resultLifeMs - 1 : call.now;
  account.things.put('audio', audioId, createdAt, { durationMs });
  const url = fileUrl(call.origin, 'audio', nameOf(audioId, durationMs), createdAt);
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

/**
 * The text-to-speech voices: ids that were seen in use with English (2025-12 to 2026-09). No list for Chinese is known, so
 * the sandbox accepts the same ids for both languages.
 */
const VOICES: ReadonlySet<string> = new Set(
  `genshin_vindi2 zhinen_xuesheng AOT ai_shatang genshin_klee2 genshin_kirara ai_kaiya oversea_male1
  ai_chenjiahao_712 girlfriend_4_speech02 chat1_female_new-3 chat_0407_5-1 cartoon-boy-07 uk_boy1 cartoon-girl-01
  PeppaPig_platform ai_huangzhong_712 ai_huangyaoshi_712 ai_laoguowang_712 chengshu_jiejie you_pingjing calm_story1
  uk_man2 laopopo_speech02 heainainai_speech02 reader_en_m-v1 commercial_lady_en_f-v1`.split(/\s+/),
);

/** Whether text-to-speech has a voice. Preset and custom voices do not work there. */
function isSpeechVoice(voiceId: string): boolean {
  return VOICES.has(voiceId);
}
