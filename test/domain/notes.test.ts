import { describe, it } from 'vitest';
import { checkCreateVoiceTaskInput } from '../../src/domain/inputs.ts';
import { checkNotes, type NotesInput } from '../../src/domain/task.ts';

const PAIR = { key: 'order', value: '4711' };

function pairs(count: number) {
  return Array.from({ length: count }, (_, i) => ({ key: `key ${i}`, value: '' }));
}

function issuesOf(input: NotesInput): string[] {
  const checked = checkNotes(input, ['input']);
  return checked.ok ? [] : checked.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
}

describe('the notes on a task', () => {
  it.for<[what: string, input: NotesInput]>([
    ['a label of 80 characters', { label: 'a'.repeat(80) }],
    ['a label of 80 emoji, each two UTF-16 units long', { label: '🎂'.repeat(80) }],
    ['a label of 80 characters with blanks around', { label: ` ${'a'.repeat(80)}\n` }],
    ['no label', { label: null }],
    ['16 pairs', { metadata: pairs(16) }],
    ['no pairs', { metadata: [] }],
    ['null instead of pairs', { metadata: null }],
    ['a key of 40 characters', { metadata: [{ key: 'k'.repeat(40), value: '' }] }],
    ['a value of 500 characters', { metadata: [{ key: 'k', value: '🎂'.repeat(500) }] }],
    ['a value of blanks and lines', { metadata: [{ key: 'k', value: ' \n\t' }] }],
    ['keys that differ in case', { metadata: [PAIR, { ...PAIR, key: 'Order' }] }],
  ])('may be %s', ([, input], { expect }) => {
    expect(issuesOf(input)).toEqual([]);
  });

  it.for<[what: string, input: NotesInput, issue: string]>([
    ['a label of 81 characters', { label: 'a'.repeat(81) }, 'input.label: must be at most 80 characters long, was 81'],
    ['an empty label', { label: '' }, 'input.label: must be 1 to 80 characters long and not blank'],
    ['a label of two lines', { label: 'a\nb' }, 'input.label: must be one line, without control characters'],
    ['17 pairs', { metadata: pairs(17) }, 'input.metadata: must have at most 16 pairs, had 17'],
    [
      'a key of 41 characters',
      { metadata: [PAIR, { key: 'k'.repeat(41), value: '' }] },
      'input.metadata.1.key: must be at most 40 characters long, was 41',
    ],
    [
      'an empty key',
      { metadata: [{ key: '', value: '' }] },
      'input.metadata.0.key: must be 1 to 40 characters long and not blank',
    ],
    [
      'a value of 501 characters',
      { metadata: [{ key: 'k', value: 'v'.repeat(501) }] },
      'input.metadata.0.value: must be at most 500 characters long, was 501',
    ],
    [
      'a value with NUL',
      { metadata: [{ key: 'k', value: 'a\0b' }] },
      'input.metadata.0.value: must not have control characters other than tabs and line breaks',
    ],
    [
      'two equal keys',
      { metadata: [PAIR, { key: ' order ', value: '' }] },
      'input.metadata.1.key: must be unique within the list',
    ],
  ])('must not be %s', ([, input, issue], { expect }) => {
    expect(issuesOf(input)).toEqual([issue]);
  });

  it('have one issue for a list that is too long, however bad its pairs are', ({ expect }) => {
    const metadata = Array.from({ length: 1000 }, () => ({ key: '', value: '\0' }));
    expect(issuesOf({ metadata })).toEqual(['input.metadata: must have at most 16 pairs, had 1000']);
  });

  it('are trimmed, except for values', ({ expect }) => {
    expect(checkNotes({ label: ' a ', metadata: [{ key: ' k ', value: ' v ' }] })).toEqual({
      ok: true,
      value: { label: 'a', metadata: [{ key: 'k', value: ' v ' }] },
    });
  });

  it('keep only what was given, so that the rest stays as it is', ({ expect }) => {
    expect(checkNotes({})).toEqual({ ok: true, value: {} });
    expect(checkNotes({ label: null })).toEqual({ ok: true, value: { label: null } });
    expect(checkNotes({ metadata: null })).toEqual({ ok: true, value: { metadata: [] } });
  });

  it('are checked together with the input that creates a task', ({ expect }) => {
    const input = { name: '', sample: { url: 'https://example.com/a.mp3' }, label: '', metadata: pairs(17) };
    const checked = checkCreateVoiceTaskInput(input);
    expect(checked.ok ? [] : checked.issues.map(({ path }) => path.join('.'))).toEqual([
      'input.name',
      'input.label',
      'input.metadata',
    ]);
  });
});
