/**
 * `npm run check:schema`: reports what schema.graphql changes for existing clients. Fails for a breaking change, unless
 * the version in package.json rises: in its first number, or in the second while the first is 0.
 *
 * Compares with the branch that the change will be merged into: `SCHEMA_BASE`, `origin/main` or `main`.
 */

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { BreakingChangeType, buildSchema, DangerousChangeType, findSchemaChanges } from 'graphql';

const ROOT = process.cwd();
const read = (name: string) => readFileSync(join(ROOT, name), 'utf8');

function say(...lines: readonly string[]): void {
  process.stdout.write(`${lines.join('\n')}\n`);
}

function list(changes: readonly { readonly description: string }[]): readonly string[] {
  return changes.map(({ description }) => `  ${description}`);
}

/** Whether a version may break clients of the version before. */
function mayBreak(before: string, after: string): boolean {
  const [major = 0, minor = 0] = before.split('.').map(Number);
  const [newMajor = 0, newMinor = 0] = after.split('.').map(Number);
  return newMajor > major || (newMajor === 0 && major === 0 && newMinor > minor);
}

function nextVersion(version: string): string {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > 0 ? `${major + 1}.0.0` : `0.${minor + 1}.0`;
}

/** Prints the changes. Returns false if there is a breaking change that the version does not allow. */
function judge(base: Base): boolean {
  const changes = findSchemaChanges(buildSchema(base.schema), buildSchema(read('schema.graphql')));
  const breaking = changes.filter(({ type }) => type in BreakingChangeType);
  const dangerous = changes.filter(({ type }) => type in DangerousChangeType);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- npm's own file
  const { version } = JSON.parse(read('package.json')) as { readonly version: string };

  if (dangerous.length > 0) say('Dangerous, where a client does not expect it:', ...list(dangerous));
  if (breaking.length === 0) {
    say(`schema.graphql breaks nothing of ${base.name}.`);
    return true;
  }
  say(`Breaking, compared with ${base.name}:`, ...list(breaking));
  if (mayBreak(base.version, version)) {
    say(`It is meant: the version rose from ${base.version} to ${version}.`);
    return true;
  }
  say(
    'Keep what is used, mark it @deprecated, and add the new beside it.',
    `If it is meant to break, raise the version in package.json from ${base.version} to ${nextVersion(base.version)}.`,
  );
  return false;
}

/** The committed schema that the current one is compared with. */
interface Base {
  /** Its name in messages. */
  readonly name: string;
  readonly schema: string;
  readonly version: string;
}

type FoundBase =
  | { readonly kind: 'found'; readonly base: Base }
  /** There is no earlier schema. */
  | { readonly kind: 'first' }
  /** The earlier schema cannot be read. */
  | { readonly kind: 'unknown'; readonly why: string };

/** Runs git. Returns null if it fails. */
function git(root: string, ...args: string[]): string | null {
  try {
    return execFileSync('git', args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    return null;
  }
}

/**
 * Finds the commit where the branch has left the main branch: `wanted` (`SCHEMA_BASE`), `origin/main` or `main`. On the
 * main branch itself, or without one, returns the first parent of HEAD.
 */
function findBase(root: string, wanted: string | undefined): FoundBase {
  const head = git(root, 'rev-parse', '--verify', '--quiet', 'HEAD');
  if (head === null) return { kind: 'unknown', why: 'This is not a git repository with a commit' };
  const names = wanted ? [wanted] : ['origin/main', 'main'];
  const ref = names.find((name) => git(root, 'rev-parse', '--verify', '--quiet', `${name}^{commit}`) !== null);
  if (ref === undefined && wanted) return { kind: 'unknown', why: `There is no ${wanted} in this repository` };

  // A clone without a main branch, such as one of a single commit, is treated as the main branch.
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

const found = findBase(ROOT, process.env['SCHEMA_BASE']);
if (found.kind === 'first') say('There was no schema.graphql before this one: it can break nothing.');
else if (found.kind === 'found') process.exitCode = judge(found.base) ? 0 : 1;
else if (process.env['CI']) {
  say(`${found.why}: schema.graphql cannot be compared.`, 'Fetch the whole history, or name a commit in SCHEMA_BASE.');
  process.exitCode = 1;
} else say(`${found.why}: schema.graphql is not compared with what was there before.`);
