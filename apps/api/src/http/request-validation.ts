import type { FieldFault } from '@vibetribe/contracts/error-code';
import { DomainError } from '@vibetribe/core/domain-error';
import type { FastifySchemaCompiler } from 'fastify';
import type { z } from 'zod';

const faultsMax = 50;
const pathCharactersMax = 300;

/** Zod as Fastify's validator; every fault is told with the path of its field. */
export const validatorCompiler: FastifySchemaCompiler<z.ZodType> =
  ({ schema, httpPart }) =>
  (data) => {
    const parsed = schema.safeParse(data);
    if (parsed.success) return { value: parsed.data };
    const errors = faultsOf(parsed.error.issues, rootName(httpPart));
    return { error: new DomainError('validation_failed', 'Some fields are not valid; see errors.', { errors }) };
  };

/** @param root what to call the whole where a fault has no path of its own */
export function faultsOf(issues: readonly z.core.$ZodIssue[], root: string): FieldFault[] {
  return issues.flatMap((issue) => faultsOfIssue(issue, [], root)).slice(0, faultsMax);
}

function faultsOfIssue(issue: z.core.$ZodIssue, above: readonly PropertyKey[], root: string): FieldFault[] {
  const path = [...above, ...issue.path];
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({ path: pathText([...path, key], root), message: 'is not a known field' }));
  }
  const nearest = issue.code === 'invalid_union' ? nearestBranch(issue.errors) : undefined;
  if (nearest !== undefined) return nearest.flatMap((inner) => faultsOfIssue(inner, path, root));
  return [{ path: pathText(path, root), message: issue.message }];
}

/** The alternative the value fits best is most likely the one that was meant. */
function nearestBranch(branches: readonly (readonly z.core.$ZodIssue[])[]): readonly z.core.$ZodIssue[] | undefined {
  return branches.filter((issues) => issues.length > 0).toSorted((one, other) => one.length - other.length)[0];
}

function pathText(path: readonly PropertyKey[], root: string): string {
  if (path.length === 0) return root;
  return path
    .map((part) => (part === '' ? '""' : String(part)))
    .join('.')
    .slice(0, pathCharactersMax);
}

function rootName(httpPart: string | undefined): string {
  return httpPart === 'querystring' ? 'query' : (httpPart ?? 'body');
}
