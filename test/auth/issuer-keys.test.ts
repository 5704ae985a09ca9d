import { runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { afterEach, describe, it, vi } from 'vitest';
import { IssuerKeys } from '../../src/auth/issuer-keys.ts';
import { ledgerOf } from '../support/ledger.ts';

const JWKS = { keys: [{ kty: 'EC', kid: 'one' }] };

function envWith(settings: object): Env {
  return { ...env, ...settings };
}
const ONE = envWith({ AUTH: 'jwks', AUTH_JWKS_URL: 'https://one.test/keys' });
const OTHER = envWith({ AUTH: 'jwks', AUTH_JWKS_URL: 'https://other.test/keys' });

/**
 * Runs `work` on the storage of an object. Each `create` creates the object as after an eviction. Uses an object of
 * another class, because the Worker of the tests has no issuer.
 */
function withStorage(name: string, work: (create: (its: Env) => IssuerKeys) => Promise<void>): Promise<void> {
  return runInDurableObject(ledgerOf(`issuer keys ${name}`), (_instance, state) =>
    work((its) => new IssuerKeys(state, its)),
  );
}

afterEach(() => {
  vi.restoreAllMocks();
});

describe('the IssuerKeys object', () => {
  it('keeps the fetched keys across an eviction while the issuer is down', async ({ expect }) => {
    const asked = vi.spyOn(globalThis, 'fetch').mockImplementation(async () => Response.json(JWKS));
    await withStorage('evicted', async (create) => {
      const kept = await create(ONE).keys(0);
      expect(kept?.jwks).toEqual(JWKS);
      expect(asked.mock.calls.map(([url]) => url)).toEqual(['https://one.test/keys']);
      asked.mockRejectedValue(new Error('down'));
      expect(await create(ONE).keys(0)).toEqual(kept);
    });
  });

  it('does not return keys of another issuer', async ({ expect }) => {
    const asked = vi.spyOn(globalThis, 'fetch').mockImplementation(async () => Response.json(JWKS));
    await withStorage('another issuer', async (create) => {
      await create(ONE).keys(0);
      asked.mockRejectedValue(new Error('down'));
      expect(await create(OTHER).keys(0)).toBeNull();
    });
  });

  it('deletes the keys of an issuer that was replaced', async ({ expect }) => {
    vi.spyOn(globalThis, 'fetch').mockImplementation(async () => Response.json(JWKS));
    await runInDurableObject(ledgerOf('issuer keys replaced'), async (_instance, state) => {
      for (const its of [ONE, OTHER]) await new IssuerKeys(state, its).keys(0);
      const kept = [...state.storage.kv.list({ prefix: 'http' })].map(([url]) => url);
      expect(kept).toEqual(['https://other.test/keys']);
    });
  });

  it('throws when created without an issuer', async ({ expect }) => {
    await withStorage('no issuer', async (create) => {
      expect(() => create(envWith({ AUTH: 'none' }))).toThrow('no issuer is configured');
    });
  });
});
