import { expect, it } from 'vitest';
import { FACE_SCAN_TTL_MS, resultExpiresAtMs } from '../../src/domain/records.ts';

it('resultExpiresAtMs is 30 days after the end of a task', () => {
  expect(resultExpiresAtMs(Date.UTC(2026, 0, 1))).toBe(Date.UTC(2026, 0, 31));
});

it('FACE_SCAN_TTL_MS is 24 hours', () => {
  expect(FACE_SCAN_TTL_MS).toBe(86_400_000);
});
