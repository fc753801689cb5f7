import fc from 'fast-check';
import type { Operation, Parameter, Schema } from './operations.ts';
import { oddText, oddValue, place, type Schemas, valueAt, valueOf } from './planned-value.ts';

export const principals = ['nobody', 'viewer', 'editor', 'admin', 'owner', 'operator'] as const;
export type PrincipalName = (typeof principals)[number];

/**
 * A request before it is known whom it meets. Texts within it stand for what only a running system has: `<own:posts:3>` an id of the caller's
 * organization, `<foreign:posts:3>` one of another's, `<fresh:email>`, `<secret:password>` and the like.
 */
export interface PlannedRequest {
  readonly operation: Operation;
  readonly principal: PrincipalName;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: PlannedBody | null;
}

export type PlannedBody =
  | JsonBody
  | { readonly type: 'application/x-www-form-urlencoded'; readonly value: Readonly<Record<string, string>> }
  | { readonly type: 'multipart/form-data'; readonly value: readonly PlannedPart[] }
  | { readonly type: 'text/plain'; readonly value: string };

interface JsonBody {
  readonly type: 'application/json';
  readonly value: unknown;
}

export interface PlannedPart {
  readonly name: string;
  readonly isFile: boolean;
  readonly text: string;
}

const oddQuery = fc.dictionary(fc.constantFrom('limit', 'unknown', 'cursor'), oddText, { maxKeys: 2 });

/** Requests to all operations alike, whatever their number of fields. */
export function plannedRequest(operations: readonly Operation[], schemas: Schemas): fc.Arbitrary<PlannedRequest> {
  const each = operations.map((operation) => requestTo(operation, schemas));
  return fc.nat({ max: each.length - 1 }).chain((index) => each[index] ?? fc.constant(null as never));
}

function requestTo(operation: Operation, schemas: Schemas): fc.Arbitrary<PlannedRequest> {
  const named = (where: Parameter['in']) => operation.parameters.filter((parameter) => parameter.in === where);
  return fc.record({
    operation: fc.constant(operation),
    // Whoever may do more comes farther.
    principal: fc.oneof(
      fc.constantFrom(...principals),
      fc.constantFrom<PrincipalName>(
        ...(isOfService(operation) ? (['operator'] as const) : (['owner', 'admin'] as const)),
      ),
    ),
    path: pathTo(operation),
    query: fc
      .record(
        Object.fromEntries(
          named('query').map(({ name, schema }) => [
            name,
            valueAt(name, schema, schemas).map((value) => textOf(value)),
          ]),
        ),
        { requiredKeys: [] },
      )
      .chain((query) =>
        fc.oneof(
          { weight: 20, arbitrary: fc.constant(query) },
          oddQuery.map((odd) => ({ ...query, ...odd })),
        ),
      ),
    headers: fc.record(
      Object.fromEntries(
        named('header').map(({ name }) => [
          name,
          name === 'If-Match'
            ? fc.constantFrom('"1"', '"2"', '*', 'nothing', 'W/"1"', '""')
            : fc.constantFrom('key-1', 'key-2', 'key-3', ' ', 'k'.repeat(300)),
        ]),
      ),
      { requiredKeys: [] },
    ),
    body: bodyOf(operation, schemas),
  }) as fc.Arbitrary<PlannedRequest>;
}

function isOfService({ path }: Operation): boolean {
  return /\/(queues|tasks)\b/.test(path);
}

function pathTo({ path }: Operation): fc.Arbitrary<string> {
  const segments = path.split('/');
  return fc
    .tuple(
      ...segments.map((segment, index) =>
        segment.startsWith('{') ? pathValue(segment.slice(1, -1), segments[index - 1] ?? '') : fc.constant(segment),
      ),
    )
    .map((parts) => parts.join('/'));
}

function pathValue(name: string, before: string): fc.Arbitrary<string> {
  const resource = /^(id|name)$/.test(name) ? before : `${name.replace(/Id$/, '')}s`;
  return fc.oneof(
    { weight: 8, arbitrary: place.map((index) => `<own:${resource}:${index}>`) },
    { weight: 2, arbitrary: place.map((index) => `<foreign:${resource}:${index}>`) },
    { weight: 1, arbitrary: place.map((index) => `<own:any:${index}>`) },
    { weight: 1, arbitrary: oddText.filter((text) => text.isWellFormed()).map((text) => encodeURIComponent(text)) },
  );
}

function bodyOf(operation: Operation, schemas: Schemas): fc.Arbitrary<PlannedBody | null> {
  const types = Object.entries(operation.bodies);
  const [first] = types;
  if (first === undefined)
    return fc.oneof({ weight: 12, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: oddValue.map(asJson) });
  const [type, schema] = first;
  return fc.oneof(
    { weight: 30, arbitrary: goodBody(type, schema, schemas) },
    { weight: 1, arbitrary: fc.constant(null) },
    { weight: 1, arbitrary: oddValue.map(asJson) },
    { weight: 1, arbitrary: oddText.map(asJson) },
    { weight: 1, arbitrary: oddText.map((value) => ({ type: 'text/plain' as const, value })) },
  );
}

function goodBody(type: string, schema: Schema, schemas: Schemas): fc.Arbitrary<PlannedBody> {
  if (type === 'multipart/form-data') {
    const field = schema.required?.[0] ?? 'file';
    const part = fc.record({
      name: fc.oneof(
        { weight: 6, arbitrary: fc.constant(field) },
        { weight: 2, arbitrary: fc.constant('alt') },
        oddText,
      ),
      isFile: fc.boolean(),
      text: fc.oneof(fc.constant('<png>'), fc.constant('<png>'), oddText),
    });
    const right = { name: field, isFile: true, text: '<png>' };
    return fc
      .array(part, { maxLength: 3 })
      .chain((parts) => fc.boolean().map((withRight) => ({ type, value: withRight ? [...parts, right] : parts })));
  }
  if (type === 'application/x-www-form-urlencoded')
    return fc.dictionary(fc.constantFrom('token', 'password', 'state', 'x'), oddText, { maxKeys: 3 }).map((value) => ({
      type,
      value,
    }));
  const value = valueOf(schema, schemas, 0);
  return fc
    .oneof(
      { weight: 5, arbitrary: value },
      { weight: 2, arbitrary: fc.tuple(value, fc.nat(), oddValue).map(withFault) },
    )
    .map(asJson);
}

function asJson(value: unknown): JsonBody {
  return { type: 'application/json', value };
}

/** One field of it replaced, or one added that nobody knows. */
function withFault([value, at, odd]: [unknown, number, unknown]): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return odd;
  const names = Object.keys(value);
  return { ...value, [names[at % (names.length + 1)] ?? 'unknown']: odd };
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
