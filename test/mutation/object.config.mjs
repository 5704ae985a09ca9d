import { group } from './group.mjs';

/** The object that keeps the issuer's keys is a class of the Workers runtime, so that its mutants are tried there. */
export default group({
  name: 'object',
  mutate: ['src/auth/issuer-keys.ts'],
  configFile: 'test/mutation/object.vitest.config.ts',
});
