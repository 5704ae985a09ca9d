import type { Issue } from '../errors.ts';
import { type Checked, type Path, toChecked } from './check.ts';

/** What a text may be. */
export interface TextRule {
  /** In Unicode code points. */
  readonly charsMax: number;
  /** One line: is trimmed, and has no control characters. Many: is kept as it is, and may have tabs and line breaks. */
  readonly lines: 'one' | 'many';
}

/** Controls, line and paragraph separators, and halves of surrogate pairs, which cannot be sent as UTF-8. */
const NOT_ON_ONE_LINE = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/u;

const NOT_IN_TEXT = /[\p{Cs}]|(?![\t\n\r])\p{Cc}/u;

/**
 * A text that people read or hear; it must not be blank.
 *
 * Characters are counted as Unicode code points: an emoji is one or more of them, never one of its halves. Kling says
 * "characters" and nothing more (2026-09); should it count another way, it refuses the text itself, and charges nothing.
 */
export function checkText(text: string, rule: TextRule, path: Path): Checked<string> {
  const issues: Issue[] = [];
  const value = rule.lines === 'one' ? text.trim() : text;
  if (value.trim() === '') {
    issues.push({ path, message: `must be 1 to ${rule.charsMax} characters long and not blank` });
  }
  const chars = countChars(value);
  if (chars > rule.charsMax) {
    issues.push({ path, message: `must be at most ${rule.charsMax} characters long, was ${chars}` });
  }
  const [refused, message] =
    rule.lines === 'one'
      ? [NOT_ON_ONE_LINE, 'must be one line, without control characters']
      : [NOT_IN_TEXT, 'must not have control characters other than tabs and line breaks'];
  if (refused.test(value)) issues.push({ path, message });
  return toChecked(value, issues);
}

function countChars(text: string): number {
  let count = 0;
  for (const _ of text) count += 1;
  return count;
}
