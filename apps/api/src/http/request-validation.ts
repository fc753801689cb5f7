import { schemaFaults } from '@vibetribe/contracts/schema-faults';
import { DomainError } from '@vibetribe/core/domain-error';
import type { FastifySchemaCompiler } from 'fastify';
import type { z } from 'zod';

/** Zod as Fastify's validator; every fault is told with the path of its field. */
export const validatorCompiler: FastifySchemaCompiler<z.ZodType> =
  ({ schema, httpPart }) =>
  (data) => {
    const parsed = schema.safeParse(data);
    if (parsed.success) return { value: parsed.data };
    const errors = schemaFaults(parsed.error.issues, { root: rootName(httpPart) });
    return { error: new DomainError('validation_failed', 'Some fields are not valid; see errors.', { errors }) };
  };

function rootName(httpPart: string | undefined): string {
  return httpPart === 'querystring' ? 'query' : (httpPart ?? 'body');
}
