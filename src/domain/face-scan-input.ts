import { checkAll, type Checked, issuesOf, type Path } from './check.ts';
import { checkCallerKey } from './id-check.ts';
import type { IdentifyFacesInput } from './inputs.ts';
import type { FaceScanRequest } from './requests.ts';
import { checkVideoSource } from './video-source.ts';

/** Size, length and resolution of the video are Kling's to judge: the gateway never fetches it. */
export function checkIdentifyFacesInput(input: IdentifyFacesInput, path: Path = ['input']): Checked<FaceScanRequest> {
  return checkAll<FaceScanRequest>(
    { video: checkVideoSource(input.video, 'video', [...path, 'video']) },
    issuesOf(checkCallerKey(input.idempotencyKey, [...path, 'idempotencyKey'])),
  );
}
