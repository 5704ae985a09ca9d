import './error-code.ts';
import './face-scan.ts';
import './lip-sync.ts';
import './operator.ts';
import './speech.ts';
import './task.ts';
import './task-updates.ts';
import './viewer.ts';
import './voice.ts';
import { builder } from './builder.ts';

/** The whole schema, built once when the Worker starts. It knows ports only: nothing of Kling's wire, nothing of storage. Pothos sorts it unless told not to, which builds it a second time. */
export const schema = builder.toSchema({ sortSchema: false });
