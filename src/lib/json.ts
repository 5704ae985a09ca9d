/**
 * Parses JSON that only this program can have written: a column of an object's own SQLite, or a payload under its own
 * signature. Checks nothing. Input from outside goes through a decoder instead.
 */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- says what was written: there is nothing to infer it from
export function readOwnJson<T>(json: string): T {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- written as a T by the same module that reads it
  return JSON.parse(json) as T;
}
