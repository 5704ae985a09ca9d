import type { TaskIdentity } from '../domain/requests.ts';
import type { WireRecord } from './decode.ts';

/** The fields that let a task be found again; what is not set is not sent, since Kling may check an empty one. */
export function identityFields({ externalTaskId, callbackUrl }: TaskIdentity): WireRecord {
  return {
    ...(externalTaskId === null ? {} : { external_task_id: externalTaskId }),
    ...(callbackUrl === null ? {} : { callback_url: callbackUrl }),
  };
}
