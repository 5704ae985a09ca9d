import type { Call, Handler } from '../account-context.ts';
import { invalid } from '../codes.ts';
import { createDigitsId } from '../ids.ts';
import type { ScenarioWord } from '../scenarios.ts';
import type { Face } from '../store/thing-store.ts';
import { charge } from '../tasks/lifecycle.ts';
import { prices, toUnits } from '../tasks/prices.ts';
import { fileUrl } from '../tasks/wire.ts';
import { sessionLifeMs } from '../validate/lip-sync.ts';
import { validateFaceScan } from '../validate/faces.ts';

/** Kling ends a face's interval this much too late. */
const overstatementMs = 13;

/** The words of a video that the tasks on it take over: what becomes of them, and of their callbacks. */
const inherited: ReadonlySet<ScenarioWord> = new Set([
  'risk-control',
  'no-human',
  'internal-failure',
  'slow-task',
  'never-ends',
  'unknown-status',
  'callback-dropped',
  'callback-duplicated',
  'callback-late',
  'callback-reordered',
  'callback-forged',
]);

/** POST /v1/videos/identify-face */
export const identifyFace: Handler = (call, account) => {
  const video = validateFaceScan(call, account);
  const { words } = call.scenarios;
  if (words.has('no-face-error')) throw invalid('there is no human in the video');
  charge(account, prices.faceScan);
  const sessionId = createDigitsId();
  const faces = findFaces(call, video.durationMs);
  const createdAt = words.has('expired') ? call.now - sessionLifeMs - 1 : call.now;
  account.things.put('session', sessionId, createdAt, {
    video,
    faces,
    words: [...words].filter((word) => inherited.has(word)),
  });
  return {
    data: {
      session_id: sessionId,
      final_unit_deduction: toUnits(prices.faceScan),
      face_data: faces.map(({ faceId, startMs, endMs }) => ({
        face_id: faceId,
        face_image: fileUrl(call.origin, 'image', `${sessionId}-${faceId}`, call.now),
        start_time: startMs,
        end_time: endMs,
      })),
    },
  };
};

function findFaces({ scenarios: { words } }: Call, durationMs: number): readonly Face[] {
  if (words.has('no-face')) return [];
  const first = words.has('face-zero') ? '0' : createDigitsId();
  if (!words.has('two-faces')) return [{ faceId: first, startMs: 0, endMs: durationMs + overstatementMs }];
  const half = Math.floor(durationMs / 2);
  return [
    { faceId: first, startMs: 0, endMs: half + overstatementMs },
    { faceId: createDigitsId(), startMs: half, endMs: durationMs + overstatementMs },
  ];
}
