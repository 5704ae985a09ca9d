import { env, exports } from 'cloudflare:workers';
import { it, onTestFinished, vi } from 'vitest';
import { configOf } from '../../src/config.ts';
import { BODY_MS_MAX } from '../../src/http/read-body.ts';
import { AUTHORIZATION } from '../support/token.ts';

/** Of the body, and of each read. */
const DEADLINES = new Set([BODY_MS_MAX, configOf(env).kling.timeoutMs]);

const QUERY = `{ account {
  lipSyncTasks { items { klingTaskId } } voiceTasks { items { klingTaskId } } presetVoices { items { voiceId } } } }`;

it('a request takes one timer of the platform, for its body and for all that it reads of Kling', async ({ expect }) => {
  const setTimeout = vi.spyOn(globalThis, 'setTimeout');
  onTestFinished(() => setTimeout.mockRestore());
  const body = JSON.stringify({ query: QUERY });
  const answer = await exports.default.fetch('https://gateway.test/graphql', {
    method: 'POST',
    headers: {
      authorization: AUTHORIZATION,
      'content-type': 'application/json',
      'content-length': String(body.length),
    },
    body,
  });
  const { data, errors } = await answer.json<{ data?: { account: object }; errors?: unknown }>();
  expect(errors).toBeUndefined();
  expect(Object.keys(data?.account ?? {})).toHaveLength(3);
  // Others would be the waits before reads that are made again.
  const deadlines = setTimeout.mock.calls.map(([, ms = 0]) => ms).filter((ms) => DEADLINES.has(ms));
  expect(deadlines).toEqual([BODY_MS_MAX]);
});
