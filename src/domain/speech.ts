import {
  checkAll,
  checkCallerKey,
  checkKlingId,
  checkRange,
  checkText,
  issuesOf,
  mapValidation,
  type Path,
  refused,
  type Validation,
} from './check.ts';

/** A text to speak. */
export interface SpeechInput {
  readonly text: string;
  readonly klingVoiceId: string;
  /** Null for the language of a listed voice. */
  readonly language?: SpeechLanguage | null;
  readonly speed?: number | null;
}

/** A text to speak, with what is known of its voice. */
export interface SpokenInput extends SpeechInput {
  /** True if `klingVoiceId` is known to be a preset voice, or is the id of a `Voice`. */
  readonly isVideoVoice?: boolean;
}

/** The arguments of `synthesizeSpeech`. */
export interface SynthesizeSpeechInput {
  readonly speech: SpokenInput;
  readonly externalId?: string | null;
}

/** A checked request to speak a text. */
export interface SpeechRequest {
  readonly text: string;
  /** A text-to-speech voice. Its ids differ from those of preset and custom voices. */
  readonly voiceId: string;
  readonly language: SpeechLanguage;
  /** 0.8 to 2.0. */
  readonly speed: number;
}

/** The most characters that Kling speaks. */
export const SPEECH_CHARS_MAX = 1000;

/** The speed of speech. 1 is the voice's own speed. */
export const SPEECH_SPEED = { min: 0.8, max: 2, fallback: 1 } as const;

/** Checks the arguments of `synthesizeSpeech`. */
export function checkSynthesizeSpeechInput(
  { speech, externalId }: SynthesizeSpeechInput,
  path: Path = [],
): Validation<SpeechRequest> {
  const checked = checkAll<{ readonly spoken: SpeechRequest }>(
    { spoken: checkSpoken(speech, [...path, 'speech']) },
    issuesOf(checkCallerKey(externalId, [...path, 'externalId'])),
  );
  return mapValidation(checked, ({ spoken }) => spoken);
}

/** Checks a text to speak. Keeps blanks around it. Kling checks that the voice speaks a language that was given. */
export function checkSpoken(speech: SpokenInput, path: Path): Validation<SpeechRequest> {
  const voicePath = [...path, 'klingVoiceId'];
  const voiceId: Validation<string> =
    speech.isVideoVoice === true
      ? refused(voicePath, 'VOICE_CANNOT_SPEAK', CANNOT_SPEAK)
      : checkKlingId(speech.klingVoiceId, voicePath);
  return checkAll<SpeechRequest>({
    text: checkText(speech.text, { charsMax: SPEECH_CHARS_MAX, lines: 'many' }, [...path, 'text']),
    voiceId,
    // Without a usable voice, a missing language is no problem of its own.
    language: voiceId.ok ? checkLanguage(speech, [...path, 'language']) : { ok: true, value: 'en' },
    speed: checkRange(speech.speed, SPEECH_SPEED, [...path, 'speed']),
  });
}

const CANNOT_SPEAK =
  "is a voice for Kling's video models, which text-to-speech cannot use: take a klingVoiceId of `speechVoices`";

/** Returns the given language, or else that of the voice. Null if the voice is not listed, or is listed in several. */
export function languageOf({ language, klingVoiceId }: SpeechInput): SpeechLanguage | null {
  if (language !== undefined && language !== null) return language;
  const [only = null, ...others] = languagesOf(klingVoiceId);
  return others.length === 0 ? only : null;
}

function checkLanguage(speech: SpeechInput, path: Path): Validation<SpeechLanguage> {
  const value = languageOf(speech);
  if (value !== null) return { ok: true, value };
  const isListed = languagesOf(speech.klingVoiceId).length > 0;
  const message = `must be EN or ZH: this voice is ${isListed ? 'in `speechVoices` for both' : 'not in `speechVoices`'}`;
  return refused(path, 'OUT_OF_RANGE', message);
}

/** A language that Kling's text-to-speech speaks, in Kling's words. */
export type SpeechLanguage = 'zh' | 'en';

/** A voice that reads texts in one language. Kling's id may name a voice in each of two languages. */
export interface SpeechVoice {
  readonly klingVoiceId: string;
  readonly language: SpeechLanguage;
  readonly name: string;
  /** Null if neither Kling's name nor its id tells it. */
  readonly gender: VoiceGender | null;
}

export type VoiceGender = 'FEMALE' | 'MALE';

/**
 * A public copy of Kling's own list of voices, which is a document without an API:
 * https://docs.qingque.cn/s/home/eZQDvafJ4vXQkP8T9ZPvmye8S. Some of the voices may be retired.
 */
export const SPEECH_VOICES_SOURCE = {
  url: 'https://github.com/golemcloud/golem-ai/blob/3f58deeede60e0a1393794c81a5eadb3420bfe2f/video/kling/src/voices.rs',
  readAtMs: Date.UTC(2026, 10, 29),
} as const;

const ROWS: readonly (readonly [
  klingVoiceId: string,
  language: SpeechVoice['language'],
  name: string,
  gender: VoiceGender | null,
])[] = [
  ['genshin_vindi2', 'en', 'Sunny', 'MALE'],
  ['zhinen_xuesheng', 'en', 'Sage', 'MALE'],
  ['AOT', 'en', 'Ace', null],
  ['ai_shatang', 'en', 'Blossom', 'FEMALE'],
  ['genshin_klee2', 'en', 'Peppy', 'FEMALE'],
  ['genshin_kirara', 'en', 'Dove', 'FEMALE'],
  ['ai_kaiya', 'en', 'Shine', 'MALE'],
  ['oversea_male1', 'en', 'Anchor', 'MALE'],
  ['ai_chenjiahao_712', 'en', 'Lyric', 'MALE'],
  ['girlfriend_4_speech02', 'en', 'Melody', 'FEMALE'],
  ['chat1_female_new-3', 'en', 'Tender', 'FEMALE'],
  ['chat_0407_5-1', 'en', 'Siren', null],
  ['cartoon-boy-07', 'en', 'Zippy', 'MALE'],
  ['uk_boy1', 'en', 'Bud', 'MALE'],
  ['cartoon-girl-01', 'en', 'Sprite', 'FEMALE'],
  ['PeppaPig_platform', 'en', 'Candy', null],
  ['ai_huangzhong_712', 'en', 'Beacon', null],
  ['ai_huangyaoshi_712', 'en', 'Rock', 'MALE'],
  ['ai_laoguowang_712', 'en', 'Titan', null],
  ['chengshu_jiejie', 'en', 'Grace', 'FEMALE'],
  ['you_pingjing', 'en', 'Helen', 'FEMALE'],
  ['calm_story1', 'en', 'Lore', null],
  ['uk_man2', 'en', 'Crag', 'MALE'],
  ['laopopo_speech02', 'en', 'Prattle', 'FEMALE'],
  ['heainainai_speech02', 'en', 'Hearth', 'FEMALE'],
  ['reader_en_m-v1', 'en', 'The Reader', 'MALE'],
  ['commercial_lady_en_f-v1', 'en', 'Commercial Lady', 'FEMALE'],
  ['genshin_vindi2', 'zh', '阳光少年', 'MALE'],
  ['zhinen_xuesheng', 'zh', '懂事小弟', 'MALE'],
  ['tiyuxi_xuedi', 'zh', '运动少年', 'MALE'],
  ['ai_shatang', 'zh', '青春少女', 'FEMALE'],
  ['genshin_klee2', 'zh', '温柔小妹', 'FEMALE'],
  ['genshin_kirara', 'zh', '元气少女', 'FEMALE'],
  ['ai_kaiya', 'zh', '阳光男生', 'MALE'],
  ['tiexin_nanyou', 'zh', '幽默小哥', 'MALE'],
  ['ai_chenjiahao_712', 'zh', '文艺小哥', 'MALE'],
  ['girlfriend_1_speech02', 'zh', '甜美邻家', 'FEMALE'],
  ['chat1_female_new-3', 'zh', '温柔姐姐', 'FEMALE'],
  ['girlfriend_2_speech02', 'zh', '职场女青', 'FEMALE'],
  ['cartoon-boy-07', 'zh', '活泼男童', 'MALE'],
  ['cartoon-girl-01', 'zh', '俏皮女童', 'FEMALE'],
  ['ai_huangyaoshi_712', 'zh', '稳重老爸', 'MALE'],
  ['you_pingjing', 'zh', '温柔妈妈', 'FEMALE'],
  ['ai_laoguowang_712', 'zh', '严肃上司', null],
  ['chengshu_jiejie', 'zh', '优雅贵妇', 'FEMALE'],
  ['zhuxi_speech02', 'zh', '慈祥爷爷', 'MALE'],
  ['uk_oldman3', 'zh', '唠叨爷爷', 'MALE'],
  ['laopopo_speech02', 'zh', '唠叨奶奶', 'FEMALE'],
  ['heainainai_speech02', 'zh', '和蔼奶奶', 'FEMALE'],
  ['dongbeilaotie_speech02', 'zh', '东北老铁', null],
  ['chongqingxiaohuo_speech02', 'zh', '重庆小伙', 'MALE'],
  ['chuanmeizi_speech02', 'zh', '四川妹子', 'FEMALE'],
  ['chaoshandashu_speech02', 'zh', '潮汕大叔', 'MALE'],
  ['ai_taiwan_man2_speech02', 'zh', '台湾男生', 'MALE'],
  ['xianzhanggui_speech02', 'zh', '西安掌柜', null],
  ['tianjinjiejie_speech02', 'zh', '天津姐姐', 'FEMALE'],
  ['diyinnansang_DB_CN_M_04-v2', 'zh', '新闻播报男', 'MALE'],
  ['yizhipiannan-v1', 'zh', '译制片男', 'MALE'],
  ['guanxiaofang-v2', 'zh', '元气少女', 'FEMALE'],
  ['tianmeixuemei-v1', 'zh', '撒娇女友', 'FEMALE'],
  ['daopianyansang-v1', 'zh', '刀片烟嗓', null],
  ['mengwa-v1', 'zh', '乖巧正太', 'MALE'],
];

/** The voices that Kling has published, in its order for each language. Kling accepts ids that are not listed, too. */
export const SPEECH_VOICES: readonly SpeechVoice[] = ROWS.map(([klingVoiceId, language, name, gender]) => {
  return { klingVoiceId, language, name, gender };
});

/** Returns the languages that a voice is listed for. Empty for a voice that is not listed. */
function languagesOf(klingVoiceId: string): readonly SpeechLanguage[] {
  return SPEECH_VOICES.filter((voice) => voice.klingVoiceId === klingVoiceId).map(({ language }) => language);
}
