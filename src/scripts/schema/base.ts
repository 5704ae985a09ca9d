import { execFileSync } from 'node:child_process';

/** What the schema is compared with, as it was committed. */
export interface Base {
  /** How people name it. */
  readonly name: string;
  readonly schema: string;
  readonly version: string;
}

export type FoundBase =
  | { readonly kind: 'found'; readonly base: Base }
  /** There was no schema before this one. */
  | { readonly kind: 'first' }
  /** What was there before cannot be told. */
  | { readonly kind: 'unknown'; readonly why: string };

/** Null when git fails, for whatever reason. */
function git(root: string, ...args: string[]): string | null {
  try {
    return execFileSync('git', args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    return null;
  }
}

/**
 * Where the branch has left the main one: `wanted` (`SCHEMA_BASE`), or `origin/main`, or `main`. On that branch itself, or
 * where there is none, it is the commit before, the first parent of a merge.
 */
export function findBase(root: string, wanted: string | undefined): FoundBase {
  const head = git(root, 'rev-parse', '--verify', '--quiet', 'HEAD');
  if (head === null) return { kind: 'unknown', why: 'This is not a git repository with a commit' };
  const names = wanted ? [wanted] : ['origin/main', 'main'];
  const ref = names.find((name) => git(root, 'rev-parse', '--verify', '--quiet', `${name}^{commit}`) !== null);
  if (ref === undefined && wanted) return { kind: 'unknown', why: `There is no ${wanted} in this repository` };

  // A clone that has no main branch, of one commit for instance, is taken for that branch itself.
  const forked = ref === undefined ? head : (git(root, 'merge-base', ref, 'HEAD') ?? ref);
  const isItself = ref === undefined || forked === head;
  const commit = isItself ? git(root, 'rev-parse', '--verify', '--quiet', 'HEAD^1') : forked;
  if (commit === null) {
    const isShallow = git(root, 'rev-parse', '--is-shallow-repository') === 'true';
    return isShallow ? { kind: 'unknown', why: 'The history is shallow: HEAD has no parent here' } : { kind: 'first' };
  }
  const schema = git(root, 'show', `${commit}:./schema.graphql`);
  const manifest = git(root, 'show', `${commit}:./package.json`);
  if (schema === null) return { kind: 'first' };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- npm's own file
  const { version = '0.0.0' } = JSON.parse(manifest ?? '{}') as { readonly version?: string };
  return { kind: 'found', base: { name: isItself ? 'the commit before' : ref, schema, version } };
}
