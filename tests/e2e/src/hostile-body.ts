import fc from 'fast-check';

export interface BodySchema {
  readonly properties?: Readonly<Record<string, unknown>>;
  readonly required?: readonly string[];
}

/** Bodies that are nearly right: known fields with values of the wrong kind, missing ones, unknown ones, and odd text. */
export function hostileBody(schema: BodySchema): fc.Arbitrary<unknown> {
  const names = Object.keys(schema.properties ?? {});
  const value = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 40 }),
    fc.constantFrom(
      '',
      '\u0000',
      '\ud800',
      '💣'.repeat(200),
      '2026-02-30T00:00:00Z',
      '-1',
      'null',
      '../..',
      "' or 1=1 --",
    ),
    fc.double(),
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
    fc.array(fc.oneof(fc.string(), fc.integer(), fc.constant(null)), { maxLength: 5 }),
    fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 2 }), { maxKeys: 4 }),
  );
  const fields = fc.dictionary(
    fc.oneof(...names.map((name) => fc.constant(name)), fc.string({ maxLength: 12 })),
    value,
    { maxKeys: 8 },
  );
  return fc.oneof({ weight: 6, arbitrary: fields }, { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 3 }) });
}
