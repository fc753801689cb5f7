import { errorCodes, type Problem } from '@vibetribe/contracts/error-code';
import type { DomainError } from '@vibetribe/core/domain-error';
import type { FastifyReply } from 'fastify';

export const problemMediaType = 'application/problem+json';

/** The RFC 9457 document for a refusal. */
export function problemOf(error: DomainError, requestId: string): Problem {
  const { status, title } = errorCodes[error.code];
  return {
    type: `urn:vibetribe:problem:${error.code}`,
    title,
    status,
    detail: error.message,
    code: error.code,
    requestId,
    ...(error.errors.length > 0 ? { errors: [...error.errors] } : {}),
  };
}

/** Answers with the problem document and the headers that belong to it. */
export function sendProblem(reply: FastifyReply, error: DomainError): FastifyReply {
  const problem = problemOf(error, reply.request.id);
  if (error.retryAfterSeconds !== null) void reply.header('retry-after', String(error.retryAfterSeconds));
  if (problem.status === 401) void reply.header('www-authenticate', 'Bearer');
  // Faults of the framework itself pass no hook.
  void reply.header('x-request-id', reply.request.id);
  return reply.code(problem.status).type(problemMediaType).send(problem);
}
