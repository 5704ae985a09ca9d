/** Something that Kling made for one tenant, and that a later call may name by Kling's id. */
export interface Made {
  readonly kind: 'VIDEO' | 'AUDIO';
  readonly id: string;
}

/**
 * The same for every spelling that Kling might take for the same id: of another case, padded, or with leading zeros. What
 * is guarded by it is guarded against them all.
 */
export function keyOf({ kind, id }: Made): string {
  const bare = id
    .toLowerCase()
    .replaceAll(/[^a-z\d]/g, '')
    .replace(/^0+/, '');
  return `${kind}:${bare === '' ? id : bare}`;
}
