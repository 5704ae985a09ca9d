import { expect, it } from 'vitest';
import { FACE_SCAN_TTL_MS, resultExpiresAtMs } from '../../src/domain/retention.ts';

it('results are kept for 30 days after the end', () => {
  expect(resultExpiresAtMs(Date.UTC(2026, 0, 1))).toBe(Date.UTC(2026, 0, 31));
});

it('a face scan is good for 24 hours', () => {
  expect(FACE_SCAN_TTL_MS).toBe(86_400_000);
});
