import { group } from './group.mjs';

/** Mutates the Durable Object of the issuer's keys. Its tests need workerd. */
export default group({
  name: 'object',
  mutate: ['src/auth/issuer-keys.ts'],
  configFile: 'test/mutation/object.vitest.config.ts',
});
