/**
 * Text-to-speech voices: ids that were seen in use with English (2025-12 to 2026-09). No list for Chinese is known, so the
 * sandbox takes the same ids for both languages.
 */
const VOICES: ReadonlySet<string> = new Set(
  `genshin_vindi2 zhinen_xuesheng AOT ai_shatang genshin_klee2 genshin_kirara ai_kaiya oversea_male1
  ai_chenjiahao_712 girlfriend_4_speech02 chat1_female_new-3 chat_0407_5-1 cartoon-boy-07 uk_boy1 cartoon-girl-01
  PeppaPig_platform ai_huangzhong_712 ai_huangyaoshi_712 ai_laoguowang_712 chengshu_jiejie you_pingjing calm_story1
  uk_man2 laopopo_speech02 heainainai_speech02 reader_en_m-v1 commercial_lady_en_f-v1`.split(/\s+/),
);

/** Whether text-to-speech knows a voice. Preset and custom voices are no part of it. */
export function isSpeechVoice(voiceId: string): boolean {
  return VOICES.has(voiceId);
}
