import type { TaskIdentity } from '../domain/requests.ts';
import type { WireRecord } from './decode.ts';

/** Returns the fields by which a task is found again. Omits unset ones, because Kling may reject an empty one. */
export function identityFields({ externalTaskId, callbackUrl }: TaskIdentity): WireRecord {
  return {
    ...(externalTaskId === null ? {} : { external_task_id: externalTaskId }),
    ...(callbackUrl === null ? {} : { callback_url: callbackUrl }),
  };
}
