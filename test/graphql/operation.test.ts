import { describe, it } from 'vitest';
import { createOperationFinder, type OperationFinderOptions } from '../../src/graphql/operation.ts';
import { schema } from '../../src/schema/schema.ts';

function operations(options: Partial<OperationFinderOptions> = {}) {
  return createOperationFinder({
    schema,
    introspection: true,
    kept: { charsPerEntryMax: 8_192, charsMax: 65_536 },
    locations: true,
    ...options,
  });
}

const A_AND_B = 'query A { __typename } mutation B { __typename }';

describe('an operation finder', () => {
  it.for([
    ['the only operation without a name', '{ __typename }', null, 'query', undefined],
    ['the only operation for an empty name', 'query A { __typename }', '', 'query', 'A'],
    ['one of two operations by its name', A_AND_B, 'B', 'mutation', 'B'],
    ['an operation after a fragment', 'fragment F on Query { __typename } query A { ...F }', null, 'query', 'A'],
  ] as const)('finds %s', ([, text, name, type, found], { expect }) => {
    const operation = operations().find(text, name);
    if (operation.type === 'refusal') throw new AggregateError(operation.errors);
    expect([operation.node.operation, operation.node.name?.value]).toEqual([type, found]);
  });

  it.for([
    ['an unknown name', A_AND_B, 'C', /^Unknown operation named "C"/],
    ['two operations without a name', A_AND_B, null, /^Must provide operation name/],
    ['a document without an operation', 'fragment F on Query { __typename }', null, /^Fragment "F" is never used/],
    ['a syntax error', 'query {', null, /^Syntax Error/],
    ['an unknown field', '{ nothing }', null, /^Cannot query field "nothing"/],
    ['too many fields', `{ ${'a: __typename '.repeat(40)} }`, null, /^The document has/],
    ['an empty text', '', null, /^Syntax Error/],
  ] as const)('refuses %s, also when it is cached', ([, text, name, message], { expect }) => {
    const found = operations();
    for (let asked = 0; asked < 2; asked += 1) {
      const refusal = found.find(text, name);
      if (refusal.type !== 'refusal') throw new Error('it was found');
      expect(refusal.errors[0]?.message).toMatch(message);
    }
  });

  it('does not confuse a name with a part of the text', ({ expect }) => {
    const found = operations();
    const text = 'query x { __typename }';
    expect(found.find(`#c\n${text}`, 'x').type).toBe('operation');
    for (const name of ['x#c\n', 'x\n#c', 'x\n#c\n']) expect(found.find(text, name).type).toBe('refusal');
  });
});

describe('a document', () => {
  it('has at most 5 errors, and one that says that others are left out', ({ expect }) => {
    const found = operations();
    const errors = (count: number) => found.validate(found.parse(`{ ${'nothing '.repeat(count)} }`));
    expect(errors(5)).toHaveLength(5);
    expect(errors(6)).toHaveLength(6);
    expect(errors(7)).toHaveLength(6);
    expect(errors(7)[5]?.message).toMatch(/^Too many validation errors/);
  });

  it('is refused for many repeated fields before they are compared', ({ expect }) => {
    const found = operations();
    // A rule of graphql compares each of these fields with each.
    expect(() => found.parse(`{ ${'x: viewer { tenant } '.repeat(1_100)} }`)).toThrow(/^The document has/);
  });

  it.for([
    ['{ __schema { types { name } } }', /introspection/i],
    ['{ viewr { tenant } }', /^Cannot query field "viewr" on type "Query"\.$/],
  ] as const)('shows nothing of the schema if introspection is off: %s', ([text, message], { expect }) => {
    const refusal = operations({ introspection: false }).find(text, null);
    if (refusal.type !== 'refusal') throw new Error('it was found');
    expect(refusal.errors[0]?.message).toMatch(message);
  });

  it('is parsed and validated once while it is cached', ({ expect }) => {
    const found = operations();
    const text = '{ viewer { tenant } }';
    expect(found.isKept(text)).toBe(false);
    const document = found.parse(text);
    expect([found.isKept(text), found.parse(text)]).toEqual([true, document]);
    expect(found.validate(document)).toBe(found.validate(document));
    expect(found.isKept('{ viewer { tenant }  }')).toBe(false);
  });

  it('is found if it is too long for the cache', ({ expect }) => {
    const found = operations({ kept: { charsPerEntryMax: 10, charsMax: 10 } });
    expect(found.find('{ viewer { tenant } }', null).type).toBe('operation');
    expect(found.isKept('{ viewer { tenant } }')).toBe(false);
  });

  it('is cached without locations for a hub, and has locations in its errors', ({ expect }) => {
    const found = operations({ locations: false });
    const text = 'subscription { taskUpdates { cursor } }';
    const operation = found.find(text, null);
    if (operation.type === 'refusal') throw new AggregateError(operation.errors);
    expect([operation.document.loc, operation.node.loc]).toEqual([undefined, undefined]);
    expect(found.reopen(text)).toBe(operation.document);
    const refusal = found.find('{ nothing }', null);
    if (refusal.type !== 'refusal') throw new Error('it was found');
    expect(refusal.errors[0]?.locations).toEqual([{ line: 1, column: 3 }]);
  });
});
