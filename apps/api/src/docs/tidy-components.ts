import type { OpenAPIV3_1 } from 'openapi-types';

const prefix = '#/components/schemas/';
const inputSuffix = 'Input';

/** Recursive in words of JSON Schema, which no client generator turns into a type. */
const anyJson = { description: 'Any JSON value.' };

/**
 * Leaves out the components that nothing names. A suffix tells a type as it is sent from the same type as it is answered: it is dropped
 * where only one of the two is used.
 */
export function tidyComponents(document: Partial<OpenAPIV3_1.Document>): Partial<OpenAPIV3_1.Document> {
  const { JsonValueInput: _, ...named } = document.components?.schemas ?? {};
  const schemas: Record<string, unknown> = { ...named, JsonValue: anyJson };
  const used = usedSchemas(document.paths ?? {}, schemas);
  const nameFor = (name: string) => {
    if (name === 'JsonValueInput') return 'JsonValue';
    const plain = name.slice(0, -inputSuffix.length);
    return name.endsWith(inputSuffix) && plain in schemas && !used.has(plain) ? plain : name;
  };
  const renamed = (value: unknown): unknown =>
    JSON.parse(JSON.stringify(value), (key, inner: unknown) =>
      key === '$ref' && typeof inner === 'string' && inner.startsWith(prefix)
        ? `${prefix}${nameFor(inner.slice(prefix.length))}`
        : inner,
    );
  const kept = [...used].toSorted().map((name) => [nameFor(name), renamed(schemas[name])]);
  return {
    ...document,
    paths: renamed(document.paths) as OpenAPIV3_1.PathsObject,
    components: { ...document.components, schemas: Object.fromEntries(kept) },
  };
}

function usedSchemas(paths: OpenAPIV3_1.PathsObject, schemas: Readonly<Record<string, unknown>>): Set<string> {
  const used = new Set<string>();
  const open: unknown[] = [paths];
  for (let value = open.pop(); value !== undefined; value = open.pop()) {
    for (const found of namesIn(value)) {
      const name = found === 'JsonValueInput' ? 'JsonValue' : found;
      if (used.has(name)) continue;
      used.add(name);
      if (name in schemas) open.push(schemas[name]);
    }
  }
  return used;
}

function namesIn(value: unknown): string[] {
  return [...JSON.stringify(value).matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g)].map(
    ([, name]) => name ?? '',
  );
}
