import { OWN_ID_PREFIX } from './task-words.ts';

/** For one attempt: repeated with the same one, it makes nothing new. */
export function newExternalId(): string {
  return `${OWN_ID_PREFIX}${crypto.randomUUID()}`;
}
