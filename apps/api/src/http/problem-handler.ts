import { DomainError } from '@vibetribe/core/domain-error';
import type { ErrorCode } from '@vibetribe/contracts/error-code';
import { QueueStoreError } from '@vibetribe/queue/store-error';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { databaseFault, isOutOfRoom } from './database-fault.ts';
import { sendProblem } from './problem.ts';

/** The one place where an error becomes an answer: what it knows is a problem document, anything else is a bug, logged and told as 500. */
export function handleProblem(error: FastifyError | Error, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const refusal = refusalOf(error);
  if (loggedCodes.has(refusal.code)) request.log.error({ err: error }, 'request failed');
  // Its body may still be on the way, as slowly as the sender likes.
  if (refusal.code === 'timeout') void reply.header('connection', 'close');
  return sendProblem(reply, refusal);
}

/** Faults on our side, which an operator should see. */
const loggedCodes: ReadonlySet<ErrorCode> = new Set(['internal', 'unavailable', 'storage_full']);

/** What the caller is told about an error. */
export function refusalOf(error: FastifyError | Error): DomainError {
  if (error instanceof DomainError) return error;
  const fault = databaseFault(error);
  if (fault !== null) {
    return new DomainError('unavailable', faultTexts[fault] ?? 'The database did not answer in time. Try again.', {
      retryAfterSeconds: fault in faultTexts ? noRoomRetrySeconds : 1,
      cause: error,
    });
  }
  if (error instanceof QueueStoreError)
    return new DomainError('unavailable', 'The queue did not answer in time. Try again.', {
      retryAfterSeconds: 1,
      cause: error,
    });
  if (isOutOfRoom(error)) {
    return new DomainError('storage_full', 'The disk of the service is full. Try again later.', {
      retryAfterSeconds: noRoomRetrySeconds,
      cause: error,
    });
  }
  const framework = frameworkRefusal(error);
  if (framework !== null) return new DomainError(framework.code, framework.detail, { cause: error });
  return new DomainError('internal', 'The fault has been logged under the request id.', { cause: error });
}

const faultTexts: Readonly<Record<string, string>> = {
  '25006': 'The database takes no writes now. Try again later.',
  '53100': 'The database has no room left. Try again later.',
};
/** An operator has to do something about it. */
const noRoomRetrySeconds = 30;

const frameworkCodes: Readonly<Record<string, { code: ErrorCode; detail: string }>> = {
  FST_ERR_CTP_INVALID_JSON_BODY: { code: 'malformed_request', detail: 'The body is not valid JSON.' },
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: {
    code: 'malformed_request',
    detail: 'The body is not as long as Content-Length says.',
  },
  FST_ERR_MAX_PARAM_LENGTH: { code: 'not_found', detail: 'No id is so long.' },
  FST_ERR_BAD_URL: { code: 'malformed_request', detail: 'The path is not valid.' },
  FST_ERR_CTP_INVALID_MEDIA_TYPE: { code: 'unsupported_media_type', detail: 'Send application/json.' },
  FST_ERR_CTP_BODY_TOO_LARGE: { code: 'payload_too_large', detail: 'The body is larger than this route takes.' },
  FST_ERR_HANDLER_TIMEOUT: { code: 'timeout', detail: 'The request took too long; it is not carried out.' },
};

const statusCodes: Readonly<Record<number, ErrorCode>> = {
  400: 'malformed_request',
  404: 'not_found',
  405: 'method_not_allowed',
  406: 'malformed_request',
  413: 'payload_too_large',
  415: 'unsupported_media_type',
};

/** Errors that Fastify and its plugins raise about the request itself. Their texts are written for callers. */
function frameworkRefusal(error: FastifyError | Error): { code: ErrorCode; detail: string } | null {
  const known = 'code' in error ? frameworkCodes[error.code] : undefined;
  if (known !== undefined) return known;
  const status = 'statusCode' in error ? error.statusCode : undefined;
  if (status === undefined || status < 400 || status > 499) return null;
  return { code: statusCodes[status] ?? 'malformed_request', detail: error.message };
}
