import { runInDurableObject } from 'cloudflare:test';
import { beforeAll, describe, it } from 'vitest';
import { evened, recordSql, type RecordedStatement } from './support/record-sql.ts';
import { runEveryStatement } from './support/every-statement.ts';
import { ledgerOf, openSandbox } from './support/ledger.ts';
import { hiddenStatementsOf, sqlLiteralsOf, type SqlLiteral } from './support/sql-literals.ts';

openSandbox('plans');

const sources = import.meta.glob<string>('../src/{account,auth,hub,ledger,lib,webhooks}/**/*.ts', {
  query: '?raw',
  import: 'default',
  eager: true,
});

/** The steps of a layout. They define tables and run once. */
const STEPS = /^const STEPS: readonly string\[\] = \[$[^]*?^\];$/m;

const withSql = Object.fromEntries(
  Object.entries(sources)
    .map(([path, text]) => [path.replace('../', ''), text.replace(STEPS, '')] as const)
    .filter(([, text]) => /\bsql\b|SqlStorage/i.test(text)),
);
const literals = sqlLiteralsOf(withSql);

/** Tables that stay small for any number of tasks and tenants, with the reason. */
const SMALL = new Map([
  ['event_forgotten', 'one row'],
  ['task_sum', 'one row'],
  ['share_sum', 'one row'],
  ['file_sum', 'one row'],
  ['sqlite_sequence', 'one row for each table that counts its rows'],
  ['webhook_endpoint', 'at most 20 rows, and those of deleted endpoints until their objects answer'],
  ['delivery_sum', 'one row'],
  ['leaf', 'one row for each hub of the pool'],
  ['live_subscription', 'what the open sockets of a hub have registered; a hub that wakes needs all of it'],
  ['applied', 'one row for each tenant that watches a hub; a hub that wakes forgets the others'],
  ['newest', 'the bounded number of tasks that were selected before'],
]);

/** Steps over the rows of a value, such as `json_each`, and over those of a subquery, which has its own plan. */
const IS_VALUE = /^SCAN \S+ VIRTUAL TABLE|^SEARCH \(subquery-\d+\)$/;

let recorded: ReadonlyMap<string, RecordedStatement>;

beforeAll(async () => {
  recorded = await runInDurableObject(ledgerOf('plans'), (_instance, { storage }) => recordSql(storage.sql));
  await runEveryStatement();
});

/** Finds the recorded statements that were built from a literal. */
function recordedOf({ pieces, isStatement }: SqlLiteral): readonly RecordedStatement[] {
  const text = evened(pieces.map((piece) => piece ?? '\0').join(''));
  const pattern = text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`).replaceAll(/ ?\0 ?/g, '.*');
  const matcher = new RegExp(isStatement ? `^${pattern}$` : pattern);
  return [...recorded.values()].filter((statement) => matcher.test(statement.text));
}

/** Returns the steps of a plan whose cost grows with the rows of a table. */
function faultsOf({ text, plan }: RecordedStatement): readonly string[] {
  return plan.filter((step) => !isBounded(step)).map((step) => `${step}: ${text}`);
}

function isBounded(step: string): boolean {
  if (step.includes('TEMP B-TREE') || step.includes('AUTOMATIC')) return false;
  const [, verb, table = ''] = /^(SCAN|SEARCH) (\S+)/.exec(step) ?? [];
  if (verb === undefined || SMALL.has(table) || IS_VALUE.test(step)) return true;
  // A `SEARCH` for a minimum has no condition if it reads every row.
  return verb === 'SEARCH' && / USING .*\(.*[=<>]/.test(step);
}

describe('every statement', () => {
  it('is a literal at its call, so that these tests find it', ({ expect }) => {
    const hidden = Object.entries(withSql).flatMap(([path, text]) => hiddenStatementsOf(path, text));
    expect(hidden).toEqual(['src/ledger/stores/tasks.ts: query', 'src/lib/durable-object.ts: steps[index]']);
  });

  it('is separate from definitions of tables, except in the steps of a layout', ({ expect }) => {
    const mixed = Object.entries(withSql).filter(([, text]) => /;\s*(?:SELECT|INSERT|UPDATE|DELETE|WITH)\b/.test(text));
    expect(mixed.map(([path]) => path)).toEqual([]);
  });

  it.for(
    literals.map(
      (literal, i) => [`${i} ${literal.path} ${evened(literal.pieces.join('…')).slice(0, 90)}`, literal] as const,
    ),
  )('of %s has a plan whose cost does not grow with the table', ([, literal], { expect }) => {
    const found = recordedOf(literal);
    // A statement with inserted parts must be recorded in at least two variants.
    expect(found.length).toBeGreaterThanOrEqual(literal.isStatement && literal.pieces.includes(null) ? 2 : 1);
    expect(found.flatMap(faultsOf)).toEqual([]);
  });

  it('of every object is checked', ({ expect }) => {
    const folders = new Set(literals.map(({ path }) => path.split('/')[1]));
    expect(folders).toEqual(new Set(['account', 'hub', 'ledger', 'webhooks']));
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
