import './face-scan.ts';
import './lip-sync.ts';
import './operator.ts';
import './speech.ts';
import './task.ts';
import './task-updates.ts';
import './viewer.ts';
import './voice.ts';
import { ERROR_CODES } from '../errors.ts';
import { builder } from './builder.ts';

builder.enumType('ErrorCode', {
  description: 'The codes of errors, in `extensions.code`. New codes may be added: treat an unknown one as `INTERNAL`.',
  values: Object.fromEntries(
    Object.entries(ERROR_CODES).map(([code, { meaning }]) => [code, { value: code, description: meaning }]),
  ),
});

/**
 * The schema, built once when the Worker starts. Resolvers use the ports of the domain, and know neither Kling's wire format
 * nor storage. Sorting is off, because Pothos would build the schema twice.
 */
export const schema = builder.toSchema({ sortSchema: false });
