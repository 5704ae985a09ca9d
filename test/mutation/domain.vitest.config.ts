import { mergeConfig } from 'vitest/config';
import node from './vitest.config.ts';

/** Runs the tests of the domain in Node. */
const config = mergeConfig(node, {});
config.test.include = ['test/domain/**/*.test.ts', 'test/security/urls*.test.ts'];

export default config;
