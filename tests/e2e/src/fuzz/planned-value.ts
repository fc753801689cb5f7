import fc from 'fast-check';
import type { Schema } from './operations.ts';

export type Schemas = Readonly<Record<string, Schema>>;

/** The stranger a text is, the rarer it may be: most requests should come as far as the rules of the product. */
export const oddText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.constantFrom('', ' ', '\u0000', '\ud800', '💣'.repeat(300), 'null', '../..', "' or 1=1 --", '-1', '9'.repeat(30)),
);
export const oddValue = fc.oneof(
  oddText,
  fc.double(),
  fc.maxSafeInteger(),
  fc.boolean(),
  fc.constant(null),
  fc.constant([]),
  fc.constant({}),
  fc.array(fc.oneof(oddText, fc.integer(), fc.constant(null)), { maxLength: 4 }),
  fc.dictionary(fc.string({ maxLength: 10 }), fc.jsonValue({ maxDepth: 2 }), { maxKeys: 4 }),
);
/** Which of many, as a number that is cut down to how many there are. */
export const place = fc.nat({ max: 40 });

/** By the field's name where one knows what it should hold, else by its schema. */
export function valueAt(name: string, schema: Schema, schemas: Schemas, depth = 0): fc.Arbitrary<unknown> {
  const known = knownValue(name);
  const bySchema = valueOf(schema, schemas, depth);
  if (known === null) return bySchema;
  const one = isList(schema, schemas)
    ? fc.oneof(
        known.map((value) => [value]),
        fc.uniqueArray(known, { maxLength: 3 }),
      )
    : known;
  return fc.oneof({ weight: 5, arbitrary: one }, { weight: 1, arbitrary: bySchema });
}

function knownValue(name: string): fc.Arbitrary<unknown> | null {
  switch (name) {
    case 'email':
    case 'newEmail':
      return fc.constantFrom('<fresh:email>', '<fresh:email>', '<own:emails:0>', '<foreign:emails:0>');
    case 'password':
    case 'currentPassword':
    case 'newPassword':
      return fc.constant('<secret:password>');
    case 'refreshToken':
      return fc.constant('<secret:refreshToken>');
    case 'cursor':
      return place.map((index) => `<seen:cursor:${index}>`);
    case 'timezone':
      return fc.constantFrom('Europe/Berlin', 'UTC', 'America/New_York', 'Mars/Base');
    case 'url':
    case 'webhookUrl':
      return fc.constantFrom('<hook>', 'https://hooks.example.org/x', 'http://127.0.0.1:1/', 'http://[::1]/');
    case 'instance':
    case 'service':
      return fc.constantFrom('<instance>', 'http://127.0.0.1:1/', 'https://localhost', 'https://never.invalid');
    case 'credentials':
      return fc.constantFrom({ accessToken: 'token' }, { service: '<instance>', handle: 'x', appPassword: 'y' }, {});
    case 'id':
    case 'token':
      return place.map((index) => `<own:any:${index}>`);
    default: {
      const resource = /^([a-z]+)Ids?$/.exec(name)?.[1];
      if (resource === undefined) return null;
      const many = resource === 'media' ? 'media' : `${resource}s`;
      return fc.oneof(
        { weight: 8, arbitrary: place.map((index) => `<own:${many}:${index}>`) },
        { weight: 1, arbitrary: place.map((index) => `<foreign:${many}:${index}>`) },
      );
    }
  }
}

export function valueOf(given: Schema, schemas: Schemas, depth: number): fc.Arbitrary<unknown> {
  const schema = resolved(given, schemas);
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices !== undefined) return fc.oneof(...choices.map((choice) => valueOf(choice, schemas, depth)));
  if (schema.allOf !== undefined) return valueOf(Object.assign({}, ...schema.allOf) as Schema, schemas, depth);
  switch (schema.type) {
    case 'string':
      return textFor(schema);
    case 'integer':
      return fc.integer({
        min: Math.max(schema.minimum ?? -5, -(2 ** 31)),
        max: Math.min(schema.maximum ?? 1_000, 2 ** 31 - 1),
      });
    case 'number':
      return fc.double({ min: schema.minimum ?? -5, max: schema.maximum ?? 1_000, noNaN: true });
    case 'boolean':
      return fc.boolean();
    case 'null':
      return fc.constant(null);
    case 'array': {
      const { items = {}, minItems = 0, maxItems = 3 } = schema;
      return fc.array(valueOf(items, schemas, depth + 1), { minLength: minItems, maxLength: Math.min(maxItems, 3) });
    }
    case 'object':
      return objectOf(schema, schemas, depth);
    default:
      return fc.jsonValue({ maxDepth: 2 });
  }
}

function objectOf(schema: Schema, schemas: Schemas, depth: number): fc.Arbitrary<unknown> {
  const { properties, required = [], additionalProperties } = schema;
  if (properties !== undefined && Object.keys(properties).length > 0) {
    const optional = Object.keys(properties).filter((name) => !required.includes(name));
    // Few of what may be left out, or nothing would come through; deep in it none.
    return fc
      .shuffledSubarray(optional, { maxLength: Math.min(optional.length, depth < 3 ? 3 : 0) })
      .chain((chosen) => {
        const names = [...required, ...chosen].filter((name) => name in properties);
        return fc.record(
          Object.fromEntries(names.map((name) => [name, valueAt(name, properties[name] ?? {}, schemas, depth + 1)])),
        );
      });
  }
  if (typeof additionalProperties !== 'object')
    return fc.dictionary(fc.string({ maxLength: 8 }), fc.jsonValue(), { maxKeys: 2 });
  const key = fc.oneof(
    place.map((index) => `<own:accounts:${index}>`),
    fc.string({ maxLength: 12 }),
  );
  return fc.dictionary(key, valueOf(additionalProperties, schemas, depth + 1), { maxKeys: 2 });
}

function textFor({ format, pattern, minLength = 0, maxLength = 60 }: Schema): fc.Arbitrary<string> {
  if (format === 'date-time') return time;
  if (format === 'email') return fc.constant('<fresh:email>');
  if (format === 'uri') return fc.constantFrom('<hook>', 'https://example.org/a?b=c');
  if (pattern !== undefined) return fc.stringMatching(new RegExp(pattern));
  const short = Math.max(minLength, Math.min(maxLength, 60));
  return fc.oneof(
    { weight: 5, arbitrary: fc.string({ unit: 'grapheme', minLength, maxLength: short }) },
    { weight: 1, arbitrary: oddText },
  );
}

const time = fc.oneof(
  fc.constantFrom('<soon>', '<past>', '<later>', '9999-12-31T23:59:59Z', '1970-01-01T00:00:00+14:00'),
  fc.date({ min: new Date(0), max: new Date('9999-12-31'), noInvalidDate: true }).map((date) => date.toISOString()),
);

function isList(schema: Schema, schemas: Schemas): boolean {
  return resolved(schema, schemas).type === 'array';
}

function resolved(schema: Schema, schemas: Schemas): Schema {
  return schema.$ref === undefined ? schema : (schemas[schema.$ref.split('/').at(-1) ?? ''] ?? {});
}
