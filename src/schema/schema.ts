import './face-scan.ts';
import './lip-sync.ts';
import './media.ts';
import './operator.ts';
import './speech.ts';
import './task.ts';
import './task-updates.ts';
import './viewer.ts';
import './voice.ts';
import './webhook.ts';
import { builder } from './builder.ts';

/**
 * The schema, built once when the Worker starts. Resolvers use the ports of the domain, and know neither Kling's wire format
 * nor storage. Sorting is off, because Pothos would build the schema twice.
 */
export const schema = builder.toSchema({ sortSchema: false });
