import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { faultPath, faultsMax } from './fault-bounds.ts';
import { schemaFaults } from './schema-faults.ts';

const Strict = z.strictObject({
  name: z.string(),
  inner: z.array(z.union([z.strictObject({ a: z.string() }), z.int()])),
});
const faultsOf = (value: unknown) => schemaFaults(Strict.safeParse(value).error?.issues ?? [], { root: 'body' });

describe('the faults of a value', () => {
  test('have the path of their field, also inside alternatives', () => {
    const faults = faultsOf({ inner: [{ a: 1 }, { a: 'x', b: 1 }], '': 1 });
    expect(faults.map(({ path, isUnknownField }) => [path, isUnknownField])).toEqual([
      ['name', false],
      ['inner.0.a', false],
      ['inner.1.b', true],
      ['""', true],
    ]);
  });

  test('are told under the path of the value itself', () => {
    const { error } = Strict.safeParse({ inner: [], name: 1 });
    expect(schemaFaults(error?.issues ?? [], { root: 'x', above: ['options'] })).toMatchObject([
      { path: 'options.name' },
    ]);
    expect(faultsOf(1)).toMatchObject([{ path: 'body' }]);
  });

  test('are told up to a number, wherever they come from', () => {
    const many = Object.fromEntries(Array.from({ length: 1_000 }, (_, index) => [`f${index}`, index]));
    expect(faultsOf({ ...many, name: 'x', inner: [] })).toHaveLength(faultsMax);
    expect(faultsOf({ name: 'x', inner: Array(1_000).fill('x') })).toHaveLength(faultsMax);
    expect(faultsOf({ name: 'x', inner: [{ ...many, a: 'x' }] })).toHaveLength(faultsMax);
  });

  test('have paths that a person can read', () => {
    const path = faultPath(['a', 'n'.repeat(500_000), 'b']);
    expect([path.length, path.endsWith('…')]).toEqual([200, true]);
    expect(faultPath(Array(100_000).fill('\u{1F600}'))).toSatisfy(
      (text: string) => text.isWellFormed() && text.length <= 200,
    );
  });
});
