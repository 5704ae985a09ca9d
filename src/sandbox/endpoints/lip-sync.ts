import type { Handler } from '../account-context.ts';
import { createDigitsId } from '../ids.ts';
import { scenarioWords } from '../scenarios.ts';
import { createTask } from '../tasks/lifecycle.ts';
import { lipSyncPrice } from '../tasks/prices.ts';
import { planCourse } from '../tasks/transitions.ts';
import { renderCreated } from '../tasks/wire.ts';
import { validateLipSync } from '../validate/lip-sync.ts';

/** POST /v1/videos/advanced-lip-sync */
export const createLipSync: Handler = (call, account) => {
  const input = validateLipSync(call, account);
  const { video } = input.session;
  const words = new Set(
    scenarioWords.filter((word) => call.scenarios.words.has(word) || input.session.words.includes(word)),
  );
  const task = createTask(
    account,
    {
      kind: 'lip-sync',
      externalTaskId: input.externalTaskId,
      price: lipSyncPrice(video.durationMs),
      plan: {
        words: [...words],
        origin: call.origin,
        callbackUrl: input.callbackUrl,
        voice: null,
        video: { id: createDigitsId(), parent: video, watermark: input.watermark },
        ...planCourse(words, account.settings, call.now),
      },
    },
    call.now,
  );
  return { data: renderCreated(task), taskId: task.taskId };
};
