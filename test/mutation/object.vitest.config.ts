import { mergeConfig } from 'vitest/config';
import { gateway } from '../vitest.config.ts';

/** The gateway in workerd, and the one test of the object. */
const config = mergeConfig(gateway, {});
config.test.include = ['test/auth/issuer-keys.test.ts'];

export default config;
