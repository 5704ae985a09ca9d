import fc from 'fast-check';
import { describe, it } from 'vitest';
import { createCallbackTokens } from '../../src/auth/signed-token.ts';

const SECRET = 'secret-of-the-callback-token-tests-0001';
const tokens = createCallbackTokens([SECRET]);
const text = fc.string({ unit: 'binary', maxLength: 40 });
const ALPHABET = Array.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=+/ ');

describe('a callback token', () => {
  it('verifies to the tenant and task it was minted for', async ({ expect }) => {
    await fc.assert(
      fc.asyncProperty(text, text, async (tenant, taskId) => {
        expect(await tokens.verify(await tokens.mint({ tenant, taskId }))).toEqual({ tenant, taskId });
      }),
    );
  });

  it('has only letters, digits, "-", "_" and one ".", which are safe in a path', async ({ expect }) => {
    await fc.assert(
      fc.asyncProperty(text, text, async (tenant, taskId) => {
        expect(await tokens.mint({ tenant, taskId })).toMatch(/^[\w-]+\.[\w-]{43}$/);
      }),
    );
  });

  it('does not confuse tenant and task if characters move from one to the other', async ({ expect }) => {
    const one = await tokens.mint({ tenant: 'a', taskId: 'bc' });
    const other = await tokens.mint({ tenant: 'ab', taskId: 'c' });
    expect(one).not.toBe(other);
  });

  it('is refused with any single character changed, added or dropped', async ({ expect }) => {
    const token = await tokens.mint({ tenant: 'tenant-ü', taskId: '0331476d-64c0-4d5e-bb5b-c58a87190555' });
    const changes = Array.from(token).flatMap((_, i) => [
      token.slice(0, i) + token.slice(i + 1),
      ...ALPHABET.map((other) => token.slice(0, i) + other + token.slice(i + 1)),
      ...ALPHABET.map((other) => token.slice(0, i) + other + token.slice(i)),
    ]);
    const accepted = await Promise.all(
      changes
        .filter((changed) => changed !== token)
        .map(async (changed) => ((await tokens.verify(changed)) === null ? [] : [changed])),
    );
    expect(accepted.flat()).toEqual([]);
  });

  it.for([
    '',
    '.',
    '..',
    'a.b',
    'a.b.c',
    '💥.💥',
    'W10.',
    '.AAAA',
    'x'.repeat(2000),
    `${'x'.repeat(900)}.${'y'.repeat(43)}`,
  ])('is refused if it is %j', async (garbage, { expect }) => {
    expect(await tokens.verify(garbage)).toBeNull();
  });

  it('is refused if it has more than 1,024 characters, even with a valid signature', async ({ expect }) => {
    const longest = await tokens.mint({ tenant: 't', taskId: 'i'.repeat(727) });
    expect(longest).toHaveLength(1_024);
    expect(await tokens.verify(longest)).not.toBeNull();
    expect(await tokens.verify(await tokens.mint({ tenant: 't', taskId: 'i'.repeat(728) }))).toBeNull();
  });

  it('is refused if another secret signed it', async ({ expect }) => {
    const others = createCallbackTokens([`${SECRET}x`]);
    expect(await tokens.verify(await others.mint({ tenant: 't', taskId: '1' }))).toBeNull();
  });

  it('is minted with the first of two secrets, and accepted with either', async ({ expect }) => {
    const old = createCallbackTokens([SECRET]);
    const rotating = createCallbackTokens([`${SECRET}x`, SECRET]);
    const rotated = createCallbackTokens([`${SECRET}x`]);
    const subject = { tenant: 't', taskId: '1' };
    expect(await rotating.verify(await old.mint(subject))).toEqual(subject);
    const minted = await rotating.mint(subject);
    expect([await rotating.verify(minted), await rotated.verify(minted)]).toEqual([subject, subject]);
    expect([await old.verify(minted), await rotated.verify(await old.mint(subject))]).toEqual([null, null]);
  });

  it('is refused with the payload of one task and the signature of another', async ({ expect }) => {
    const [mine = '', its = ''] = await Promise.all(['1', '2'].map((taskId) => tokens.mint({ tenant: 't', taskId })));
    expect(await tokens.verify(`${mine.split('.')[0]}.${its.split('.')[1]}`)).toBeNull();
  });
});
