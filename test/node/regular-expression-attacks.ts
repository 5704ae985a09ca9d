/** The start of a text, its repeated part, and its end. */
export type Hostile = readonly [start: string, pump: string, end: string];

export interface Attacks {
  readonly texts: readonly Hostile[];
  /** The longest text that the code passes to the expression. */
  readonly charsMax?: number;
}

/** Texts for every expression. */
export const COMMON: readonly Hostile[] = [
  'a',
  'A',
  '0',
  '00.',
  ' ',
  '\n',
  '"',
  '#',
  '.',
  '-',
  '=',
  '/',
  '\\',
  ';',
  '人',
].flatMap((pump): Hostile[] => [
  ['', pump, ''],
  ['', pump, '!'],
  ['', pump, '\u0000'],
]);

const nothing: Attacks = { texts: [] };

function texts(...attacks: readonly Hostile[]): Attacks {
  return { texts: attacks };
}

/** Every expression of the sources, with texts that match as far as possible and fail at the end. */
export const ATTACKS: Readonly<Record<string, Attacks>> = {
  '/^Bearer +([\\w.~+/-]+=*)$/i': texts(
    ['Bearer', ' ', '!'],
    ['Bearer a', 'a', '!'],
    ['Bearer a', '=', 'a'],
    ['Bearer ', 'a=', ''],
  ),
  '/^\\s*data:[^,]{0,200},/i': texts(['data:', 'a', ''], ['', ' data:', ''], [' ', ' ', 'data:']),
  '/[^A-Za-z0-9+/]/': nothing,
  '/\\s/': nothing,
  '/\\s/g': nothing,
  '/\\s+/': texts(['', ' a', ''], ['a', ' ', 'a']),
  '/^(\\d{1,9})(?:\\.(\\d{1,3})(\\d{0,30}))?$/': texts(['1.', '1', '!'], ['1', '.1', '']),
  '/^(\\d{4}-\\d\\d-(\\d\\d))T\\d\\d:\\d\\d:\\d\\d(?:\\.\\d{1,9})?(?:Z|[+-]\\d\\d:\\d\\d)$/': texts(
    ['2026-09-01T12:00:00.', '1', 'Z'],
    ['', '2026-09-01T12:00:00Z', ''],
  ),
  '/[1-9]/': nothing,
  // Numbers of three or five digits.
  '/0+$/': { texts: [['', '0', '1']], charsMax: 5 },
  '/^0+/': texts(['', '0', '1']),
  '/^([\\w-]{1,64})\\.(\\d{1,15})$/': texts(['a.', '1', '!'], ['', 'a.', '']),
  '/^([\\w-]{1,64}):([1-9]\\d{0,14})$/': texts(['a:', '1', '!'], ['', 'a:', '']),
  '/^[\\w.-]{1,16}$/': nothing,
  '/^[\\w-]{1,128}$/': nothing,
  '/risk control|sensitive|violat|(?:content|platform) (?:policy|safety|security)|moderation/i': texts(
    ['', 'content ', ''],
    ['', 'content s', ''],
  ),
  '/审核|风控|敏感|违规/': texts(['', '审风敏违', '']),
  '/(?:internal|system|server|service|unknown) (?:\\w+ )?(?:error|busy|unavailable|failure|exception)/i': texts(
    ['', 'system ', ''],
    ['system ', 'a', ''],
    ['', 'system a ', ''],
  ),
  '/timed? ?out|overload|maintenance|内部错误|系统(?:繁忙|错误|异常)|超时/i': texts(
    ['', 'timed ', ''],
    ['', '系统内部', ''],
  ),
  '/invalid|illegal|corrupt|unsupported|not support|must (?:not )?be|exceed|nois[ey]/i': texts(
    ['', 'must not ', ''],
    ['', 'invali', ''],
  ),
  '/more than one (?:speaker|voice)|multiple (?:speakers|voices)|多(?:人|个人|位)说话/i': texts(
    ['', 'more than one ', ''],
    ['', '多个人说', ''],
  ),
  '/parallel tasks? over|too many requests|并发/i': texts(['', 'parallel tasks ', ''], ['', '并', '']),
  '/\\bbalance (?:is )?(?:not enough|insufficient)|insufficient balance|余额不足/i': texts(
    ['', 'balance is not ', ''],
    ['', 'insufficient balanc ', ''],
  ),
  '/\\bface\\b.{0,20}\\bangle\\b|\\bangle of (?:the |a )?face\\b|人脸角度|侧脸/i': texts(
    ['', 'face ', ''],
    ['', 'face angl ', ''],
    ['', 'angle of the ', ''],
  ),
  // `classifyFailure` cuts the reason of a failure. The test also attacks that function as a whole.
  '/\\b(?:fail\\w*|unable|cannot|could not) (?:to )?(?:pars|decod|read)\\w*.{0,10}\\b(?:audio|sound)\\b|音频(?:解析|解码)失败/i':
    {
      texts: [
        ['', 'fail', ''],
        ['fail to ', 'read', ''],
        ['', 'fail to read', ''],
        ['', 'cannot read ', ''],
      ],
      charsMax: 500,
    },
  '/too (?:long|short|large|small|big)|\\b(?:format|resolution|duration|size|download\\w*|decode)\\b/i': {
    texts: [
      ['', 'too ', ''],
      ['', 'download', 'é'],
      ['', 'download ', ''],
    ],
    charsMax: 500,
  },
  '/格式|时长|分辨率|大小/': texts(['', '格时分辨', '']),
  '/^[A-Za-z0-9+/_-][A-Za-z0-9+/=._:-]*$/': nothing,
  '/^[A-Za-z0-9._:-]+$/': nothing,
  '/[^a-z\\d]/g': nothing,
  '/^\\d+\\.\\d+\\.\\d+\\.\\d+$/': texts(['', '1.', ''], ['1.1.1.', '1', '!'], ['1.', '1', '.']),
  '/^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/': texts(['a', '-', ''], ['a', 'a-', '']),
  '/[\\p{Cc}\\p{Cs}\\p{Zl}\\p{Zp}]/u': texts(['', '😀', '']),
  '/[\\p{Cs}]|(?![\\t\\n\\r])\\p{Cc}/u': texts(['', '\t\r', ''], ['', '😀', '']),
  '/^[a-z][a-z0-9+.-]*:\\/\\/([^/?#\\\\]*)/i': texts(['a', 'a+', ''], ['a://', 'a', '/'], ['', 'a:/', '']),
  '/[\\p{Cc}\\s]|%(?:[01][0-9a-f]|7f)/iu': texts(['', '%', ''], ['', '%1', ''], ['', '%7', '']),
  '/^[a-z][a-z0-9+.-]*:\\/\\//i': texts(['a', 'a.', ''], ['', 'a:/', '']),
  '/^[0-9.]+$/': texts(['', '1.', '!'], ['', '1', '!']),
  '/^(?:KLING|AUTH|TENANT|CALLBACK|CORS|TASK|EVENT|AUDIO|BODY|MEDIA|ARCHIVE)_|_RETENTION_DAYS$/': texts([
    '',
    '_RETENTION_DAYS',
    '!',
  ]),
  '/^[\\x21-\\x7e]{1,128}$/': nothing,
  '/["#[\\](){}]/g': texts(['', '[{', ''], ['', '"#', '']),
  '/[\\r\\n]/': nothing,
  '/\\r\\n?|\\n/g': nothing,
  '/contains more than \\d+ tokens/': texts(['', 'contains more than 1', ''], ['contains more than ', '1', '']),
  '/ Did you mean [^?]*(?:\\?|$)/g': texts(['', ' Did you mean ', ''], ['', ' Did you mean ', '?']),
  '/^Variable "\\$(\\w+)" has invalid value(?: at ((?:\\.\\w+|\\[\\d+\\])+))?: ([^]*)$/': texts(
    ['Variable "$', 'a', ''],
    ['Variable "$a" has invalid value at .', 'a', '!'],
    ['Variable "$a" has invalid value at ', '.a', '!'],
    ['Variable "$a" has invalid value at ', '[1]', '!'],
    ['Variable "$a" has invalid value at ', '.a[1]', ': '],
    ['Variable "$a" has invalid value', ' at .a', ''],
    ['Variable "$a" has invalid value: ', '\n', ''],
  ),
  '/\\.(\\w+)|\\[(\\d+)\\]/g': texts(['[', '1', ''], ['', '[1', ''], ['', '.a', '']),
  '/^ws/': nothing,
  '/;\\s*charset\\s*=\\s*"?([^";]*)/i': texts(
    [';', ' ', ''],
    ['', '; ', ''],
    ['', ';charset', ''],
    [';charset', ' ', ''],
    ['', ';charset ', ''],
    [';charset=', ' ', '"'],
  ),
  '/^[A-Za-z0-9_-]{8,64}$/': nothing,
  '/^(?:apollographql-client|graphql-client|x-datadog)-[a-z0-9-]{1,40}$/': texts(['x-datadog-', '-', '!']),
  '/^([a-z][a-z0-9+.-]{0,31}):\\/\\/([a-z0-9._-]{1,253}|\\[[0-9a-f:.]{2,45}\\])(?::\\d{1,5})?$/': texts(
    ['a://', 'a', ''],
    ['a://a', ':1', ''],
    ['a://[', ':', ''],
  ),
  '/^[A-Za-z0-9-]{1,64}$/': nothing,
  '/[\\s,]+/': texts(['', ' ,a', ''], ['a', ', ', 'a']),
  '/^succe(?:ed|ss)$/i': texts(['', 'succe', '']),
  '/^subscriptionspec="?1\\.0"?$/': texts(['subscriptionspec=', '"', '']),
  '/^"cursor":"([^"]*)",$/': texts(['"cursor":"', 'a', ''], ['"cursor":"', '",', '']),
  '/^[\\x21-\\x7e]+$/': nothing,
  '/^-?\\d+(?:\\.\\d+)?$/': texts(['-', '1', '!'], ['1.', '1', '!'], ['', '1.', '']),
  '/task not found by/i': texts(['', 'task not found ', '']),
  '/external_task_id\\b.{0,300}\\balready exists/i': {
    texts: [
      ['', 'external_task_id ', ''],
      ['', 'external_task_id already ', ''],
    ],
    charsMax: 2_000,
  },
  '/already be(?:en)? deleted/i': texts(['', 'already been ', '']),
  '/voice id not found/i': texts(['', 'voice id not ', '']),
  '/\\b(?:no|not (?:detect|find|recognize|contain)|without)(?: an?| any)?(?: valid| clear| human)* (?:faces?|human|person)\\b|\\bfaces? (?:is |are |was |were )?not (?:found|detected)\\b/i':
    texts(
      ['no', ' valid', ''],
      ['no', ' human', 's'],
      ['', 'no human', 's'],
      ['', 'no valid human ', ''],
      ['', 'faces are not ', ''],
    ),
  '/[\\p{Cc}\\p{Cf}\\s]+/gu': texts(['', ' \t', ''], ['', '\u200b', 'a'], ['', 'a ', '']),
  '/session/i': texts(['', 'sessio', '']),
  '/^\\d{1,128}$/': texts(['', '1', '!']),
  '/external.?task.?id/i': texts(['', 'external_task_', '']),
  '/[0-9]/': nothing,
  '/[a-f]/': nothing,
  '/[g-z]/': nothing,
  '/[A-F]/': nothing,
  '/[G-Z]/': nothing,
  '/[a-z1-9]/i': nothing,
  '/^-?\\d{16,}$/': texts(['-', '1', '!']),
  '/^\\d{4}-(0[1-9]|1[0-2])$/': nothing,
  '/^[ -~]*$/': nothing,
  '/^library:(0|[1-9]\\d{0,5}):([^]+)$/': texts(['library:', '1', ''], ['library:1:', 'a', '']),
  '/^\\d{1,12}$/': nothing,
  '/^\\d{1,15}$/': nothing,
  '/^[A-Za-z0-9+/]{27}[A-Za-z0-9+/=]$/': nothing,
  '/^[A-Za-z0-9+/]{43}[A-Za-z0-9+/=]$/': nothing,
  '/^[0-9a-f]{64}$/i': nothing,
  '/[\\s"\'<>)\\]},]/': nothing,
  '/^bytes=(\\d{0,15})-(\\d{0,15})$/': texts(['bytes=', '1', ''], ['bytes=1', '-', '']),
  '/^not-a-secret/': nothing,
  '/\\bsandbox\\b/': texts(['', 'sandbox', ''], ['', 'sandbo ', '']),
  '/^[\\x21-\\x7e]{1,64}$/': nothing,
  '/^whsec_[A-Za-z0-9+/]{16,}={0,2}$/': texts(['whsec_', 'a', '!'], ['whsec_', 'aaaaaaaaaaaaaaaa=', '']),
  '/^\\d{1,9}(?:\\.\\d{1,3})?$/': texts(['1.', '1', '']),
};
