/**
 * `npm run check:schema`: reports what schema.graphql changes for existing clients. Fails for a breaking change, unless
 * the version in package.json rises: in its first number, or in the second while the first is 0.
 *
 * Compares with the newest commit that has another version, so all changes since the last version are judged together.
 * `SCHEMA_BASE` names another commit.
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
  const version = versionIn(read('package.json'));

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

function versionIn(manifest: string): string {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- npm's own file
  const { version = '0.0.0' } = JSON.parse(manifest) as { readonly version?: string };
  return version;
}

function versionAt(root: string, commit: string): string {
  return versionIn(git(root, 'show', `${commit}:./package.json`) ?? '{}');
}

/** Returns the newest commit with another version than `version`; null if there is no such commit. */
function commitBefore(root: string, version: string): string | null {
  let raised: string | null = null;
  for (const commit of (git(root, 'log', '--first-parent', '--format=%H', '--', './package.json') ?? '').split('\n')) {
    if (versionAt(root, commit) !== version) break;
    raised = commit;
  }
  return git(root, 'rev-parse', '--verify', '--quiet', raised === null ? 'HEAD' : `${raised}^1`);
}

function findBase(root: string, wanted: string | undefined): FoundBase {
  if (git(root, 'rev-parse', '--verify', '--quiet', 'HEAD') === null) {
    return { kind: 'unknown', why: 'This is not a git repository with a commit' };
  }
  if (wanted && git(root, 'rev-parse', '--verify', '--quiet', `${wanted}^{commit}`) === null) {
    return { kind: 'unknown', why: `There is no ${wanted} in this repository` };
  }
  const commit = wanted || commitBefore(root, versionIn(read('package.json')));
  if (commit === null) {
    const isShallow = git(root, 'rev-parse', '--is-shallow-repository') === 'true';
    return isShallow ? { kind: 'unknown', why: 'The history is shallow' } : { kind: 'first' };
  }
  const schema = git(root, 'show', `${commit}:./schema.graphql`);
  if (schema === null) return { kind: 'first' };
  const before = versionAt(root, commit);
  return { kind: 'found', base: { name: wanted || `version ${before}`, schema, version: before } };
}

const found = findBase(ROOT, process.env['SCHEMA_BASE']);
if (found.kind === 'first') say('There was no schema.graphql before this one: it can break nothing.');
else if (found.kind === 'found') process.exitCode = judge(found.base) ? 0 : 1;
else if (process.env['CI']) {
  say(`${found.why}: schema.graphql cannot be compared.`, 'Fetch the whole history, or name a commit in SCHEMA_BASE.');
  process.exitCode = 1;
} else say(`${found.why}: schema.graphql is not compared with what was there before.`);
