import { setFields as set1 } from './set-fields.ts?1&copy';
import { setFields as set2 } from './set-fields.ts?2&copy';
import { setFields as set3 } from './set-fields.ts?3&copy';
import { setFields as set4 } from './set-fields.ts?4&copy';
import { setFields as set5 } from './set-fields.ts?5&copy';
import { setFields as set6 } from './set-fields.ts?6&copy';
import { setFields as set7 } from './set-fields.ts?7&copy';
import { setFields as set8 } from './set-fields.ts?8&copy';
import { setFields as set9 } from './set-fields.ts?9&copy';
import { setFields as set10 } from './set-fields.ts?10&copy';
import { setFields as set11 } from './set-fields.ts?11&copy';
import { setFields as set12 } from './set-fields.ts?12&copy';
import { setFields as set13 } from './set-fields.ts?13&copy';
import { setFields as set14 } from './set-fields.ts?14&copy';
import { setFields as set15 } from './set-fields.ts?15&copy';
import { setFields as set16 } from './set-fields.ts?16&copy';
import { setFields as set17 } from './set-fields.ts?17&copy';
import { setFields as set18 } from './set-fields.ts?18&copy';
import { setFields as set19 } from './set-fields.ts?19&copy';
import { setFields as set20 } from './set-fields.ts?20&copy';
import { setFields as set21 } from './set-fields.ts?21&copy';
import { setFields as set22 } from './set-fields.ts?22&copy';
import { setFields as set23 } from './set-fields.ts?23&copy';
import { setFields as set24 } from './set-fields.ts?24&copy';
import { setFields as set25 } from './set-fields.ts?25&copy';
import { setFields as set26 } from './set-fields.ts?26&copy';
import { setFields as set27 } from './set-fields.ts?27&copy';
import { setFields as set28 } from './set-fields.ts?28&copy';
import { setFields as set29 } from './set-fields.ts?29&copy';
import { setFields as set30 } from './set-fields.ts?30&copy';
import { setFields as set31 } from './set-fields.ts?31&copy';
import { setFields as set32 } from './set-fields.ts?32&copy';
import type { SelectedField, SetFields } from './set-fields.ts';

/**
 * Copies of one function. V8 keeps what it has learnt of a read, a store or a call with the text of a function: all closures
 * of one text share it, and a text that has met too much has learnt nothing. No text can be made for an operation without
 * `eval`. So the bundle has one text many times, and what has copies of its own is fast. Alike as they are, they weigh little
 * when compressed. They all do the same: who has which is never to be seen in an answer.
 */
export interface Copies {
  /** So many items of lists make a selection worth some of its own. */
  readonly hotItems: number;
  /**
   * One for each of these fields of a type that has made so many items of lists. Whatever operation selects the same ones,
   * in the same order, has the same copies. Null: none for them, or not yet.
   */
  find(typename: string, fields: readonly SelectedField[], items: number): readonly SetFields[] | null;
}

/** What one selection may have of them. */
const FIELDS_MAX = 16;

// oxfmt-ignore
const TEXTS: readonly SetFields[] = [
  set1, set2, set3, set4, set5, set6, set7, set8,
  set9, set10, set11, set12, set13, set14, set15, set16,
  set17, set18, set19, set20, set21, set22, set23, set24,
  set25, set26, set27, set28, set29, set30, set31, set32,
];

/** Gives them to who comes first, and for good: V8 forgets nothing of a text. Null for all, once there are too few left. */
export function createCopies(texts: readonly SetFields[], hotItems: number): Copies {
  const left = [...texts];
  // By the names of a type and of its fields.
  const taken = new Map<string, readonly SetFields[]>();
  return {
    hotItems,
    find(typename, fields, items) {
      if (fields.length > FIELDS_MAX) return null;
      const shape = [typename, ...fields.map(({ key, property }) => `${key}:${property?.name ?? ''}`)].join(' ');
      const known = taken.get(shape);
      if (known !== undefined || items < hotItems) return known ?? null;
      // What is asked of the schema itself is not asked often.
      if (fields.length > left.length || typename.startsWith('__')) return null;
      const copies = left.splice(0, fields.length);
      taken.set(shape, copies);
      return copies;
    },
  };
}

/** Of this isolate. */
export const bundledCopies: Copies = createCopies(TEXTS, 1_000);
