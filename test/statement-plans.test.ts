import { runInDurableObject } from 'cloudflare:test';
import { beforeAll, describe, it } from 'vitest';
import { evened, recordSql, type RecordedStatement } from './support/record-sql.ts';
import { runEveryStatement } from './support/every-statement.ts';
import { ledgerOf, openSandbox } from './support/ledger.ts';
import { hiddenStatementsOf, sqlLiteralsOf, type SqlLiteral } from './support/sql-literals.ts';

openSandbox('plans');

const sources = import.meta.glob<string>('../src/{account,auth,hub,ledger,lib}/**/*.ts', {
  query: '?raw',
  import: 'default',
  eager: true,
});

const withSql = Object.fromEntries(
  Object.entries(sources)
    .map(([path, text]) => [path.replace('../', ''), text] as const)
    .filter(([path, text]) => /\bsql\b|SqlStorage/i.test(text) && !path.endsWith('/migrations.ts')),
);
const literals = sqlLiteralsOf(withSql);

/** Tables that stay small, however much a tenant does and however many tenants there are, and why. */
const SMALL = new Map([
  ['event_forgotten', 'one row'],
  ['task_sum', 'one row'],
  ['share_sum', 'one row'],
  ['sqlite_sequence', 'one row for each table that counts its rows'],
  ['leaf', 'one row for each hub of the pool'],
  ['live_registration', 'what the open sockets of a hub have registered; a hub that wakes needs all of it'],
  ['applied', 'one row for each tenant that watches a hub; a hub that wakes forgets the others'],
  ['newest', 'the bounded number of tasks that were selected before'],
]);

/** Rows that come from a value, as of `json_each`, and those of a selection, which has a plan of its own. */
const IS_VALUE = /^SCAN \S+ VIRTUAL TABLE|^SEARCH \(subquery-\d+\)$/;

let recorded: ReadonlyMap<string, RecordedStatement>;

beforeAll(async () => {
  recorded = await runInDurableObject(ledgerOf('plans'), (_instance, { storage }) => recordSql(storage.sql));
  await runEveryStatement();
});

/** The recorded statements that a literal stands for. */
function recordedOf({ pieces, isStatement }: SqlLiteral): readonly RecordedStatement[] {
  const text = evened(pieces.map((piece) => piece ?? '\0').join(''));
  const pattern = text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`).replaceAll(/ ?\0 ?/g, '.*');
  const matcher = new RegExp(isStatement ? `^${pattern}$` : pattern);
  return [...recorded.values()].filter((statement) => matcher.test(statement.text));
}

/** What of a plan costs more the more rows a table has. */
function faultsOf({ text, plan }: RecordedStatement): readonly string[] {
  return plan.filter((step) => !isBounded(step)).map((step) => `${step}: ${text}`);
}

function isBounded(step: string): boolean {
  if (step.includes('TEMP B-TREE') || step.includes('AUTOMATIC')) return false;
  const [, verb, table = ''] = /^(SCAN|SEARCH) (\S+)/.exec(step) ?? [];
  if (verb === undefined || SMALL.has(table) || IS_VALUE.test(step)) return true;
  // A `SEARCH` for a minimum names no condition where it reads every row.
  return verb === 'SEARCH' && / USING .*\(.*[=<>]/.test(step);
}

describe('every statement', () => {
  it('stands where it is run, so that the tests below find it', ({ expect }) => {
    const hidden = Object.entries(withSql).flatMap(([path, text]) => hiddenStatementsOf(path, text));
    expect(hidden).toEqual(['src/ledger/stores/tasks.ts: query', 'src/lib/tables.ts: step']);
  });

  it('is not part of a definition of tables outside of the migrations', ({ expect }) => {
    const mixed = Object.entries(withSql).filter(([, text]) => /;\s*(?:SELECT|INSERT|UPDATE|DELETE|WITH)\b/.test(text));
    expect(mixed.map(([path]) => path)).toEqual([]);
  });

  it.for(
    literals.map(
      (literal, i) => [`${i} ${literal.path} ${evened(literal.pieces.join('…')).slice(0, 90)}`, literal] as const,
    ),
  )('of %s has a plan that reads no more rows the more there are', ([, literal], { expect }) => {
    const found = recordedOf(literal);
    // One that is put together has to be run in more than one form.
    expect(found.length).toBeGreaterThanOrEqual(literal.isStatement && literal.pieces.includes(null) ? 2 : 1);
    expect(found.flatMap(faultsOf)).toEqual([]);
  });

  it('of every object is among them', ({ expect }) => {
    const folders = new Set(literals.map(({ path }) => path.split('/')[1]));
    expect(folders).toEqual(new Set(['account', 'hub', 'ledger']));
    expect(literals.length).toBeGreaterThan(70);
  });
});

describe('the check of plans', () => {
  it.for([
    'SCAN task',
    'SCAN task USING INDEX task_waiting',
    'SCAN task USING COVERING INDEX task_waiting',
    'SEARCH task',
    'SEARCH task USING COVERING INDEX task_by_kind',
    'USE TEMP B-TREE FOR ORDER BY',
    'SEARCH task USING AUTOMATIC COVERING INDEX (kind=?)',
  ])('refuses %s', (step, { expect }) => {
    expect(isBounded(step)).toBe(false);
  });
});
