import type { FieldFault } from '@vibetribe/contracts/error-code';
import { DomainError } from '@vibetribe/core/domain-error';
import type { FastifyRequest } from 'fastify';

const depthMax = 32;

/**
 * Refuses what no field of ours can hold, before any schema sees it: NUL and half surrogate pairs, which PostgreSQL cannot
 * store, and nesting deep enough to exhaust the stack of a recursive schema.
 * @throws DomainError `validation_failed` naming the fields
 */
export async function guardText(request: FastifyRequest): Promise<void> {
  const errors = [
    ...unstorableText(request.params, 'params'),
    ...unstorableText(request.query, 'query'),
    ...unstorableText(request.body, 'body'),
  ];
  if (errors.length > 0)
    throw new DomainError('validation_failed', 'Some fields cannot be stored; see errors.', { errors });
}

/** Faults of all strings (names of fields too) within a value that came from JSON. */
export function unstorableText(value: unknown, root: string): FieldFault[] {
  const faults: FieldFault[] = [];
  const left: { value: unknown; path: string; depth: number }[] = [{ value, path: '', depth: 0 }];
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    const { path, depth } = next;
    if (typeof next.value === 'string') {
      if (!isStorable(next.value))
        faults.push({ path: path || root, message: 'must be well-formed Unicode without NUL' });
    } else if (typeof next.value === 'object' && next.value !== null && !Buffer.isBuffer(next.value)) {
      if (depth === depthMax)
        return [{ path: path || root, message: `must not be nested deeper than ${depthMax} levels` }];
      for (const [name, inner] of Object.entries(next.value)) {
        const innerPath = path === '' ? name : `${path}.${name}`;
        if (!isStorable(name))
          return [{ path: path || root, message: 'has a field whose name is not well-formed Unicode without NUL' }];
        left.push({ value: inner, path: innerPath, depth: depth + 1 });
      }
    }
  }
  return faults;
}

function isStorable(text: string): boolean {
  return text.isWellFormed() && !text.includes('\0');
}
