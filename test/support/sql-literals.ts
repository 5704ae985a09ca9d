/** SQL text in a source file. The value of `${…}` is its text if it names a constant, else null. */
export interface SqlLiteral {
  readonly path: string;
  readonly pieces: readonly (string | null)[];
  /** Whether it is the whole argument of `sql.exec`, not a part of one. */
  readonly isStatement: boolean;
}

type Raw = { readonly pieces: readonly (string | { readonly code: string })[]; readonly at: number };

const VERB = /^\s*(?:SELECT|INSERT|UPDATE|DELETE|REPLACE|WITH)\b/;
const EXEC = /(?:\.exec(?:<[^()]*>)?|#rows)\(\s*$/;

/** Returns every SQL text in the sources that reads or writes rows. */
export function sqlLiteralsOf(sources: Readonly<Record<string, string>>): readonly SqlLiteral[] {
  const files = Object.entries(sources).map(([path, text]) => ({ path, text, literals: literalsOf(text) }));
  const constants = files.map(({ path, text, literals }) => ({
    path,
    byName: new Map(literals.flatMap((literal) => namesOf(text, literal).map((name) => [name, literal] as const))),
  }));

  function resolved(path: string, { pieces }: Raw): (string | null)[] {
    return pieces.flatMap((piece) => {
      if (typeof piece === 'string') return [piece];
      const own = constants.find((file) => file.path === path)?.byName.get(piece.code);
      const named = own === undefined ? constants.filter(({ byName }) => byName.has(piece.code)) : [];
      if (own !== undefined) return resolved(path, own);
      const [imported] = named;
      return named.length === 1 && imported ? resolved(imported.path, imported.byName.get(piece.code)!) : [null];
    });
  }

  return files.flatMap(({ path, text, literals }) =>
    literals.flatMap((literal) => {
      const pieces = resolved(path, literal);
      const isStatement = EXEC.test(text.slice(0, literal.at));
      return VERB.test(pieces[0] || (pieces[1] ?? '')) ? [{ path, pieces, isStatement }] : [];
    }),
  );
}

/** Returns the calls of `exec` whose statement is not a literal. */
export function hiddenStatementsOf(path: string, text: string): readonly string[] {
  const calls = text.matchAll(/(?:sql|Sql|\.sql|#sql)\s*\.exec(?:<[^()]*>)?\(\s*([^\s'`"][^\s,)]*)/g);
  return [...calls].map(([, argument]) => `${path}: ${argument}`);
}

function namesOf(text: string, { at }: Raw): string[] {
  const name = /const (\w+) =\s*$/.exec(text.slice(Math.max(0, at - 80), at))?.[1];
  return name === undefined ? [] : [name];
}

/** Returns the string and template literals of TypeScript source. Does not support regular expressions with quotes. */
function literalsOf(text: string): Raw[] {
  const found: Raw[] = [];
  const next = /\/\/.*|\/\*[^]*?\*\/|'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|`/g;
  for (let match = next.exec(text); match !== null; match = next.exec(text)) {
    const [token] = match;
    if (token === '`') {
      const { pieces, end } = templateAt(text, match.index + 1);
      found.push({ pieces, at: match.index });
      next.lastIndex = end;
    } else if (!token.startsWith('/')) found.push({ pieces: [token.slice(1, -1)], at: match.index });
  }
  return found;
}

/** Reads a template literal from after its opening backtick. */
function templateAt(text: string, start: number): { readonly pieces: Raw['pieces']; readonly end: number } {
  const pieces: (string | { readonly code: string })[] = [];
  let from = start;
  for (let i = start; i < text.length; i += 1) {
    if (text[i] === '\\') i += 1;
    else if (text[i] === '`') return { pieces: [...pieces, text.slice(from, i)], end: i + 1 };
    else if (text.startsWith('${', i)) {
      const end = expressionEnd(text, i + 2);
      pieces.push(text.slice(from, i), { code: text.slice(i + 2, end).trim() });
      i = end;
      from = end + 1;
    }
  }
  throw new Error('unterminated template literal');
}

/** Returns the index of the brace that ends an expression. Literals in it may contain braces. */
function expressionEnd(text: string, start: number): number {
  let depth = 0;
  for (let i = start; i < text.length; i += 1) {
    const char = text[i]!;
    if (char === '`') i = templateAt(text, i + 1).end - 1;
    else if (char === "'") i = text.indexOf("'", i + 1);
    else if (char === '{') depth += 1;
    else if (char === '}' && depth === 0) return i;
    else if (char === '}') depth -= 1;
  }
  throw new Error('unterminated expression in a template literal');
}
