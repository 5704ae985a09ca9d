import { group } from './group.mjs';

export default group({
  name: 'auth',
  // The Durable Object is tested in workerd, see object.config.mjs.
  mutate: ['src/auth/**/*.ts', '!src/auth/issuer-keys.ts'],
});
