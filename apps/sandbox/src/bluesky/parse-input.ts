import type { z } from 'zod';
import { RefusalError } from '../answer.ts';
import { invalidRequest } from './answers.ts';

/** @throws {RefusalError} 400 InvalidRequest, naming the first fault */
export function parseInput<Value>(schema: z.ZodType<Value>, input: unknown): Value {
  const parsed = schema.safeParse(input ?? {});
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new RefusalError(invalidRequest(`Error: ${issue?.message ?? 'invalid'} at ${pathText(issue?.path ?? [])}`));
}

export function pathText(path: readonly PropertyKey[], root = '$'): string {
  return path.reduce<string>(
    (text, part) => text + (typeof part === 'number' ? `[${part}]` : `.${String(part)}`),
    root,
  );
}
