/**
 * In the place of the package of that name (`[alias]` in wrangler.toml), of which Yoga needs little here: its caches of
 * documents are this gateway's own, bounded ones, and what is left has one entry for each set of validation rules: one.
 */
export class LRUCache<K, V> extends Map<K, V> {
  constructor(_options: unknown) {
    super();
  }
}
