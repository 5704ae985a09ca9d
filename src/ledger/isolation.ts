import type { LipSyncSnapshot } from '../domain/task.ts';
import type { Made } from '../domain/made.ts';
import type { VideoSource } from '../domain/inputs.ts';
import type { KlingClient } from '../kling/client.ts';
import { KlingError } from '../kling/errors.ts';
import type { Log } from '../lib/log.ts';
import type { Owners } from './owners.ts';
import { standInFor } from './stand-in.ts';

export interface OwnedKlingDeps {
  readonly owners: Owners;
  /** Whether a task of this ledger has this external id at Kling. */
  readonly isOurTask: (externalTaskId: string) => boolean;
  /** 0 (inclusive) to 1. */
  readonly random: () => number;
  readonly log: Log;
}

/**
 * Kling as one tenant sees it. The videos that a task has made are claimed before anybody here sees them: a claim that
 * fails fails the read, which is made again. And what another tenant has claimed cannot be named: Kling is asked for
 * something that is not there in its place, and its own refusal is the answer. (Speech is claimed by the paid calls,
 * which must not lose it.)
 */
export function createOwnedKling(kling: KlingClient, { owners, isOurTask, random, log }: OwnedKlingDeps): KlingClient {
  async function claimed(snapshot: LipSyncSnapshot): Promise<LipSyncSnapshot> {
    // A forged callback may have named somebody else's task: what Kling says is another's is not claimed.
    if (snapshot.externalTaskId !== null && !isOurTask(snapshot.externalTaskId)) return snapshot;
    await owners.claim(snapshot.videos.map(({ videoId }) => ({ kind: 'VIDEO', id: videoId })));
    return snapshot;
  }

  async function naming<T>(made: Made, call: (id: string) => Promise<T>): Promise<T> {
    if (!(await owners.isForeign(made))) return call(made.id);
    log({ level: 'warn', message: "another tenant's id was used", kind: made.kind });
    const other = standInFor(made.id, random);
    return call(other).catch((error: unknown) => {
      throw error instanceof KlingError ? withId(error, other, made.id) : error;
    });
  }

  async function withVideo<T>(source: VideoSource, call: (source: VideoSource) => Promise<T>): Promise<T> {
    const { videoId } = source;
    return videoId === undefined ? call(source) : naming({ kind: 'VIDEO', id: videoId }, (id) => call({ videoId: id }));
  }

  return {
    ...kling,
    createVoice: async (request, identity, signal) =>
      withVideo(request.source, (source) => kling.createVoice({ ...request, source }, identity, signal)),
    identifyFaces: async (request, signal) => {
      const calls = { begun: false };
      return withVideo(request.video, (video) => {
        calls.begun = true;
        return kling.identifyFaces({ video }, signal);
      }).catch((error: unknown) => {
        throw calls.begun ? error : notSent(error);
      });
    },
    async createLipSyncTask(request, identity, signal) {
      const { audioId } = request.sound;
      if (audioId === undefined) return claimed(await kling.createLipSyncTask(request, identity, signal));
      return naming({ kind: 'AUDIO', id: audioId }, async (id) =>
        claimed(await kling.createLipSyncTask({ ...request, sound: { audioId: id } }, identity, signal)),
      );
    },
    readLipSyncTask: async (id, signal) => claimed(await kling.readLipSyncTask(id, signal)),
  };
}

/** Kling quotes the id that it does not know: the caller is shown their own. */
function withId(error: KlingError, sent: string, given: string): KlingError {
  const message = error.failure.message.replaceAll(sent, given);
  return new KlingError(error.outcome, { ...error.failure, message }, { cause: error });
}

/** A scan that has no way back but its answer: that it was never sent has to be told from an answer that was lost. */
function notSent(cause: unknown): KlingError {
  const message = 'It could not be told whose this video is. Nothing was sent.';
  return new KlingError('REFUSED', { code: 'UPSTREAM_UNAVAILABLE', message, retryable: true }, { cause });
}
