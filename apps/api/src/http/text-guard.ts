import type { FieldFault } from '@vibetribe/contracts/error-code';
import { faultPath, faultsMax } from '@vibetribe/contracts/fault-bounds';
import { DomainError } from '@vibetribe/core/domain-error';
import type { FastifyRequest } from 'fastify';

const depthMax = 32;
/** More than any request of ours needs; a schema would look at each of them. */
const valuesMax = 50_000;
const entriesMax = 5_000;
const fieldsMax = 1_000;
const nameCharactersMax = 1_000;

/**
 * Refuses what no field can hold, before any schema sees it. PostgreSQL cannot store NUL and half surrogate pairs. Deep nesting would
 * exhaust the stack of a recursive schema. No body of ours has so many values or so long names.
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

/** Faults of the strings (names of fields too) within a value that came from JSON, the first ones. */
export function unstorableText(value: unknown, root: string): FieldFault[] {
  const found: Findings = { faults: [], values: 0, isOver: false };
  look(value, [], root, found);
  return found.faults;
}

interface Findings {
  readonly faults: FieldFault[];
  values: number;
  /** Nothing more is looked at. */
  isOver: boolean;
}

function look(value: unknown, path: readonly string[], root: string, found: Findings): void {
  const note = (message: string) => {
    found.faults.push({ path: path.length === 0 ? root : faultPath(path), message });
    if (found.faults.length === faultsMax) found.isOver = true;
  };
  const end = (message: string) => {
    note(message);
    found.isOver = true;
  };

  found.values += 1;
  if (found.values > valuesMax) return end(`the ${root} has more than ${valuesMax} values`);
  if (typeof value === 'string') {
    if (!isStorable(value)) note('must be well-formed Unicode without NUL');
    return;
  }
  if (typeof value !== 'object' || value === null || Buffer.isBuffer(value)) return;
  if (path.length === depthMax) return end(`must not be nested deeper than ${depthMax} levels`);
  if (Array.isArray(value) && value.length > entriesMax) return end(`has more than ${entriesMax} entries`);
  const fields = Object.entries(value);
  if (!Array.isArray(value) && fields.length > fieldsMax) return end(`has more than ${fieldsMax} fields`);
  for (const [name, inner] of fields) {
    if (name.length > nameCharactersMax)
      return end(`has a field whose name is longer than ${nameCharactersMax} characters`);
    if (!isStorable(name)) return end('has a field whose name is not well-formed Unicode without NUL');
    look(inner, [...path, name], root, found);
    if (found.isOver) return;
  }
}

function isStorable(text: string): boolean {
  return text.isWellFormed() && !text.includes('\0');
}
