import type { VoiceTask } from '../../src/domain/records.ts';
import type { LedgerParts } from './ledger-parts.ts';

/** How far along a status is, as the design says it; written anew, so that a mistake in the source is not repeated. */
export const RANK = { QUEUED: 0, SUBMITTED: 1, PROCESSING: 2, UNRECOGNIZED: 2, SUCCEEDED: 3, FAILED: 3 } as const;

export function createVoiceOnce({ creates }: LedgerParts, externalId: string | null = null): Promise<VoiceTask> {
  return creates.createVoice({ name: 'Ann', source: { url: 'https://example.com/a.mp3' }, externalId });
}
