import { OperatorError } from '@vibetribe/observability/operator-error';
import type { z } from 'zod';

/** The environment does not describe a process that could run. The message names every fault, and no value. */
export class EnvironmentError extends OperatorError {
  override readonly name = 'EnvironmentError';
  readonly faults: readonly string[];

  constructor(faults: readonly string[]) {
    super(`The configuration is not valid:\n${faults.map((fault) => `  ${fault}`).join('\n')}`);
    this.faults = faults;
  }
}

/**
 * Parses an environment by a schema; an empty variable counts as absent, as compose files write them.
 * @throws EnvironmentError naming all faults at once
 */
export function parseEnvironment<Schema extends z.ZodType>(
  schema: Schema,
  rawEnv: Readonly<Record<string, string | undefined>>,
): z.output<Schema> {
  const given = Object.fromEntries(Object.entries(rawEnv).filter(([, value]) => value !== undefined && value !== ''));
  const parsed = schema.safeParse(given);
  if (parsed.success) return parsed.data;
  throw new EnvironmentError(parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${faultText(issue, given)}`));
}

function faultText(issue: z.core.$ZodIssue, given: Readonly<Record<string, unknown>>): string {
  const [name] = issue.path;
  return typeof name === 'string' && !(name in given) ? 'is missing' : issue.message;
}
