import type { Schemas } from './paths.ts';

export type Problem = Schemas['Problem'];
export type ErrorCode = Schemas['ErrorCode'];

/** A refusal of the API. `problem` is null where something on the way to it answered in its place. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError';
  readonly status: number;
  readonly code: ErrorCode | null;
  readonly problem: Problem | null;
  /** What is wrong with which field. */
  readonly errors: readonly { readonly path: string; readonly message: string }[];
  /** When to ask again; null where that is not said. */
  readonly retryAfterSeconds: number | null;

  constructor(status: number, problem: Problem | null, retryAfterSeconds: number | null) {
    super(problem === null ? `The answer was ${status}.` : textOf(problem));
    this.status = status;
    this.problem = problem;
    this.code = problem?.code ?? null;
    this.errors = problem?.errors ?? [];
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

export async function problemOf(response: Response): Promise<ProblemError> {
  const seconds = Number(response.headers.get('retry-after') ?? Number.NaN);
  const retryAfterSeconds = Number.isFinite(seconds) ? seconds : null;
  const isProblem = response.headers.get('content-type')?.startsWith('application/problem+json') === true;
  const problem = isProblem ? ((await response.json()) as Problem) : null;
  return new ProblemError(response.status, problem, retryAfterSeconds);
}

function textOf({ title, detail, errors = [] }: Problem): string {
  const faults = errors.map(({ path, message }) => `${path}: ${message}`);
  return [`${title}.`, detail, ...faults].join(' ');
}
