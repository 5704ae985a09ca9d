import { mergeConfig } from 'vitest/config';
import { gateway } from '../vitest.config.ts';

/** Runs the test of the Durable Object in workerd. */
const config = mergeConfig(gateway, {});
config.test.include = ['test/auth/issuer-keys.test.ts'];

export default config;
