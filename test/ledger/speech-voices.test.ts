import { describe, it } from 'vitest';
import { type LedgerParts, type PartsOptions, withParts } from '../support/ledger-parts.ts';

const VOICE = { voiceId: '8298', name: 'Ann', trialUrl: null, owner: 'ACCOUNT', ownerId: null } as const;
const ANSWER = { url: 'https://example.com/x.mp3', durationMs: 3000, klingTaskId: null, unitsDeducted: '0.05' };

/** Runs a test on a ledger whose Kling speaks every text. `spoken` lists the requests. */
function withSpeech(
  name: string,
  work: (parts: LedgerParts, spoken: readonly object[]) => Promise<void>,
): Promise<void> {
  const spoken: object[] = [];
  const kling: PartsOptions['kling'] = {
    synthesizeSpeech: async (request) => {
      spoken.push(request);
      return { ...ANSWER, audioId: `audio-${spoken.length}`, createdAtMs: null, klingRequestId: null };
    },
  };
  return withParts(`voices ${name}`, { kling }, (parts) => work(parts, spoken));
}

const failureOf = (work: Promise<unknown>) => work.then(() => null).catch((error: unknown) => error);

describe('the voice of a speech', () => {
  it('is refused before anything is paid if it was cloned here, also without a language', async ({ expect }) => {
    await withSpeech('cloned', async ({ paidCalls, deps, clock }, spoken) => {
      deps.assets.keepVoice(VOICE);
      const speak = () => paidCalls.synthesizeSpeech({ speech: { text: 'Hello', klingVoiceId: '8298' } }, 'key');
      expect(await failureOf(speak())).toMatchObject({
        failure: { issues: [{ code: 'VOICE_CANNOT_SPEAK', path: ['speech', 'klingVoiceId'] }] },
      });
      expect([spoken, deps.paidCalls.byKey('key')]).toEqual([[], null]);
      // Kling decides about a voice that the tenant does not have, as about that of another tenant.
      deps.assets.forgetVoice('8298', clock.nowMs);
      expect(await failureOf(speak())).toMatchObject({ failure: { issues: [{ path: ['speech', 'language'] }] } });
      const speech = { text: 'Hello', klingVoiceId: '8298', language: 'en' } as const;
      expect(await paidCalls.synthesizeSpeech({ speech }, 'key')).toMatchObject({ audioId: 'audio-1' });
    });
  });

  it('gives the language that Kling gets and that the speech shows', async ({ expect }) => {
    await withSpeech('listed', async ({ paidCalls }, spoken) => {
      const speech = { text: 'Hello', klingVoiceId: 'mengwa-v1' };
      expect(await paidCalls.synthesizeSpeech({ speech }, null)).toMatchObject({ language: 'zh' });
      expect(spoken).toMatchObject([{ voiceId: 'mengwa-v1', language: 'zh' }]);
    });
  });

  it('with and without its language is the same speech, which is paid once', async ({ expect }) => {
    await withSpeech('same', async ({ paidCalls }, spoken) => {
      const speech = { text: 'Hello', klingVoiceId: 'oversea_male1' };
      const made = await paidCalls.synthesizeSpeech({ speech }, 'key');
      for (const language of [null, 'en'] as const) {
        expect(await paidCalls.synthesizeSpeech({ speech: { ...speech, language } }, 'key')).toEqual(made);
      }
      const other = { ...speech, language: 'zh' } as const;
      expect(await failureOf(paidCalls.synthesizeSpeech({ speech: other }, 'key'))).toMatchObject({
        failure: { code: 'CONFLICT' },
      });
      expect(spoken).toHaveLength(1);
    });
  });
});
