/** A file that Kling made for one tenant. Later calls may name it by Kling's id. */
export interface Made {
  readonly kind: 'VIDEO' | 'AUDIO';
  readonly id: string;
}

/**
 * Returns the same key for all spellings that Kling might accept for an id: another case, padding, leading zeros. An attacker
 * could otherwise reach a file of another tenant by another spelling.
 */
export function keyOf({ kind, id }: Made): string {
  const bare = id
    .toLowerCase()
    .replaceAll(/[^a-z\d]/g, '')
    .replace(/^0+/, '');
  return `${kind}:${bare === '' ? id : bare}`;
}
