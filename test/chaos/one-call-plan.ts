import type { Random } from './random.ts';

/** The input of a task that is made from a video and a text in one call. */
export interface OneCall {
  /** Several tasks can have the same video. */
  readonly videoUrl: string;
  /** The external id of an earlier one-call task whose result is the video instead. Null for the URL. */
  readonly after: string | null;
  /** No two tasks have the same text. */
  readonly text: string;
}

/** The words that affect the answer to a scan or a speech, and the probability of each in a task. */
const ANSWER_WORDS: readonly (readonly [word: string, share: number])[] = [
  ['slow', 0.06],
  ['error-after', 0.02],
  ['timeout-after', 0.02],
  ['hang-after', 0.005],
  ['html', 0.01],
  ['cut-off', 0.01],
  ['flaky-1', 0.01],
  ['content-rejected', 0.01],
  ['acts-late', 0.005],
  ['acts-late-cut', 0.01],
];

/** The words of a video that affect its scan or its lip-sync. */
const VIDEO_WORDS: readonly (readonly [word: string, share: number])[] = [
  ['no-face', 0.01],
  ['internal-failure', 0.02],
  ['slow-task', 0.02],
  ['unknown-status', 0.01],
  ['callback-dropped', 0.04],
  ['callback-duplicated', 0.03],
  ['callback-late', 0.02],
  ['callback-reordered', 0.03],
  ['callback-forged', 0.03],
];

/** The words after which Kling makes no scan or no speech, so that the task fails. */
export const REFUSING_WORDS: ReadonlySet<string> = new Set(['content-rejected', 'no-face']);

/** The share of the tasks with a video that others have too, and the number of such videos for each task. */
const SHARED_SHARE = 0.2;
const SHARED_VIDEOS = 0.05;

/** The share of the tasks whose video is the result of another, which was made shortly before. */
const AFTER_SHARE = 0.1;
const AFTER_AMONG = 20;

/** An earlier one-call task. */
interface Earlier {
  readonly externalId: string;
  readonly word: string | null;
  readonly isAbandoned: boolean;
  readonly isCancelled: boolean;
}

/** Plans the input of a one-call task, and the word of its fault. `earlier` are the tasks before it, in order. */
export function planOneCall(
  random: Random,
  { externalId, tasks, earlier }: { externalId: string; tasks: number; earlier: readonly Earlier[] },
): { readonly oneCall: OneCall; readonly word: string | null } {
  const answerWord = draw(random, ANSWER_WORDS);
  const isInText = answerWord !== null && random.chance(0.5);
  const word = answerWord ?? draw(random, VIDEO_WORDS);
  const round = externalId.slice(0, externalId.lastIndexOf('-'));
  const isShared = word === null && random.chance(SHARED_SHARE);
  const name = isShared ? `${round}-shared-${random.between(1, Math.ceil(tasks * SHARED_VIDEOS))}` : externalId;
  const after = earlier
    .slice(-AFTER_AMONG)
    .filter((each) => each.word === null && !each.isAbandoned && !each.isCancelled);
  const isAfter = !isShared && (word === null || isInText) && after.length > 0 && random.chance(AFTER_SHARE);
  return {
    word,
    oneCall: {
      videoUrl: `https://example.com/${name}${isInText ? '' : suffixOf(word)}-10s.mp4`,
      after: isAfter ? (after[random.between(0, after.length - 1)]?.externalId ?? null) : null,
      // The name of a fault counts failures by the text around it, so it touches the id.
      text: `Good morning from ${externalId}${isInText ? suffixOf(word) : ''}.`,
    },
  };
}

function suffixOf(word: string | null): string {
  return word === null ? '' : `-sandbox-${word}`;
}

/** Returns a word by its share; null for the rest. */
export function draw(random: Random, words: readonly (readonly [word: string, share: number])[]): string | null {
  let left = random.next();
  for (const [word, share] of words) {
    left -= share;
    if (left < 0) return word;
  }
  return null;
}
