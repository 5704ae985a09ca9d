import { SCOPES, type Viewer } from '../../src/domain/ports.ts';

/** The viewer of tests that do not need another. */
export const VIEWER: Viewer = { tenant: 'default', subject: 'default', scopes: SCOPES, expiresAtMs: null };
