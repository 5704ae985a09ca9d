import { group } from './group.mjs';

export default group({
  name: 'domain',
  mutate: ['src/domain/**/*.ts'],
  configFile: 'test/mutation/domain.vitest.config.ts',
});
