import { checkText, issuesOf, type Path, toValidation, type Validation } from './check.ts';
import type { Issue } from '../errors.ts';

/** The caller's own notes on a task. They mean nothing to the gateway, and Kling never gets them. */
export interface Notes {
  readonly label: string | null;
  /** In the caller's order, with unique keys. */
  readonly metadata: readonly Metadata[];
}

/** A pair of the caller's own data. */
export interface Metadata {
  readonly key: string;
  readonly value: string;
}

/** Notes as a caller sends them. A missing field changes nothing, and null clears. */
export interface NotesInput {
  readonly label?: string | null;
  readonly metadata?: readonly Metadata[] | null;
}

/** The limits of notes. Characters are Unicode code points. */
export const NOTES_MAX = { labelChars: 80, pairs: 16, keyChars: 40, valueChars: 500 } as const;

/** Checks notes, and trims the label and the keys. Returns only the fields that were given. */
export function checkNotes({ label, metadata }: NotesInput, path: Path = []): Validation<Partial<Notes>> {
  const checkedLabel = label === undefined ? null : checkLabel(label, [...path, 'label']);
  const checkedMetadata = metadata === undefined ? null : checkMetadata(metadata ?? [], [...path, 'metadata']);
  return toValidation<Partial<Notes>>(
    {
      ...(checkedLabel?.ok === true ? { label: checkedLabel.value } : {}),
      ...(checkedMetadata?.ok === true ? { metadata: checkedMetadata.value } : {}),
    },
    [checkedLabel, checkedMetadata].flatMap((checked) => (checked === null ? [] : issuesOf(checked))),
  );
}

/** Checks and trims a label. Null is valid. */
export function checkLabel(label: string | null, path: Path): Validation<string | null> {
  return label === null
    ? { ok: true, value: null }
    : checkText(label, { charsMax: NOTES_MAX.labelChars, lines: 'one' }, path);
}

/** Reads no pair of a list that is too long, so that its issues stay few. */
function checkMetadata(pairs: readonly Metadata[], path: Path): Validation<readonly Metadata[]> {
  if (pairs.length > NOTES_MAX.pairs) {
    return {
      ok: false,
      issues: [
        { path, code: 'OUT_OF_RANGE', message: `must have at most ${NOTES_MAX.pairs} pairs, had ${pairs.length}` },
      ],
    };
  }
  const issues: Issue[] = [];
  const seen = new Set<string>();
  for (const [at, { key, value }] of pairs.entries()) {
    const keyPath = [...path, at, 'key'];
    issues.push(...issuesOf(checkText(key, { charsMax: NOTES_MAX.keyChars, lines: 'one' }, keyPath)));
    if (seen.has(key.trim())) {
      issues.push({ path: keyPath, code: 'NOT_UNIQUE', message: 'must be unique within the list' });
    }
    seen.add(key.trim());
    const rule = { charsMax: NOTES_MAX.valueChars, lines: 'many', mayBeBlank: true } as const;
    issues.push(...issuesOf(checkText(value, rule, [...path, at, 'value'])));
  }
  return toValidation(
    pairs.map(({ key, value }) => ({ key: key.trim(), value })),
    issues,
  );
}
