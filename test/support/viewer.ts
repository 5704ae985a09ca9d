import { SCOPES, type Viewer } from '../../src/domain/viewer.ts';

/** Who calls in tests that need nobody in particular. */
export const VIEWER: Viewer = { tenant: 'default', subject: 'default', scopes: SCOPES, expiresAtMs: null };
