import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Ajv } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { z } from 'zod';

/**
 * The folder with the platforms' own descriptions: PLATFORM_SPECS_DIR, or `shared/specs` beside the repository.
 * Undefined in a checkout that has none.
 */
export function platformSpecsDirectory(env: Readonly<Record<string, string | undefined>>): string | undefined {
  const directory = env['PLATFORM_SPECS_DIR'] ?? resolve(import.meta.dirname, '../../../../../shared/specs');
  return existsSync(directory) ? directory : undefined;
}

/** Checks values against the schemas of an OpenAPI document; gives the violations. */
export function openApiChecker(path: string, version: '3.0' | '3.1'): (schema: string, value: unknown) => string[] {
  const document = OpenApi.parse(JSON.parse(readFileSync(path, 'utf8')));
  const options = { strict: false, allErrors: true, validateFormats: false } as const;
  const ajv = version === '3.0' ? new Ajv(options) : new Ajv2020(options);
  addFormats.default(ajv);
  ajv.addSchema({ $id: 'spec', components: withNulls(document.components) });
  return (schema, value) => {
    const validate = ajv.getSchema(`spec#/components/schemas/${schema}`);
    if (validate === undefined) return [`no schema ${schema}`];
    if (validate(value) === true) return [];
    return (validate.errors ?? []).map((error) => `${schema}${error.instancePath}: ${error.message}`);
  };
}

/** Ajv knows `nullable` only beside a type. */
function withNulls(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(withNulls);
  if (typeof schema !== 'object' || schema === null) return schema;
  const copy = Object.fromEntries(Object.entries(schema).map(([name, value]) => [name, withNulls(value)]));
  const { nullable, ...rest } = copy;
  if (typeof nullable !== 'boolean' || 'type' in copy) return copy;
  return nullable ? { anyOf: [rest, { type: 'null' }] } : rest;
}

/** Checks that a value has what the output of a lexicon requires, in the types it names. */
export function lexiconViolations(directory: string, method: string, value: unknown): string[] {
  const path = join(directory, 'atproto-lexicons', `${method.replaceAll('.', '/')}.json`);
  const { output } = Lexicon.parse(JSON.parse(readFileSync(path, 'utf8'))).defs.main;
  if (output === undefined) return [];
  const fields = z.record(z.string(), z.unknown()).parse(value);
  const missing = (output.schema.required ?? []).filter((name) => fields[name] === undefined);
  const wrong = Object.entries(fields).filter(([name, field]) => {
    const type = output.schema.properties[name]?.type;
    return type === 'string' || type === 'boolean' ? typeof field !== type : type === 'array' && !Array.isArray(field);
  });
  return [
    ...missing.map((name) => `${method}: no ${name}`),
    ...wrong.map(([name]) => `${method}: ${name} of another type`),
  ];
}

/** Fields of an answer of the Graph API that its node has neither as fields nor as edges. */
export function graphStrangers(directory: string, node: string, value: unknown): string[] {
  const path = join(directory, 'meta-business-sdk-codegen/api_specs/specs', `${node}.json`);
  const { fields, apis } = GraphNode.parse(JSON.parse(readFileSync(path, 'utf8')));
  const known = new Set([...fields.map(({ name }) => name), ...apis.flatMap(({ endpoint }) => endpoint ?? [])]);
  const answered = Object.keys(z.record(z.string(), z.unknown()).parse(value));
  return answered.filter((name) => !known.has(name)).map((name) => `${node}: ${name}`);
}

const GraphNode = z.object({
  fields: z.array(z.looseObject({ name: z.string() })),
  apis: z.array(z.looseObject({ endpoint: z.string().optional() })).default([]),
});
const OpenApi = z.object({ components: z.record(z.string(), z.unknown()) });

const Lexicon = z.object({
  defs: z.object({
    main: z.object({
      output: z
        .object({
          schema: z.object({
            required: z.array(z.string()).optional(),
            properties: z.record(z.string(), z.looseObject({ type: z.string() })),
          }),
        })
        .optional(),
    }),
  }),
});
