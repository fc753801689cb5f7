import type { RefusalError } from '../answer.ts';
import { refuse } from '../google/answers.ts';

/** What is wrong with a field, as v4 of the API says it: names in snake case. */
export function invalidField(field: string, message: string): RefusalError {
  const errorDetails = [{ code: 2, field, message }];
  const type = 'type.googleapis.com/google.mybusiness.v4.ValidationError';
  return refuse({
    code: 400,
    message: 'Request contains an invalid argument.',
    reason: 'badRequest',
    details: [{ '@type': type, errorDetails }],
  });
}

/** A refusal that has a name of its own. */
export function refusedAs(reason: string, message: string): RefusalError {
  const type = 'type.googleapis.com/google.rpc.ErrorInfo';
  const details = [{ '@type': type, reason, domain: 'mybusiness.googleapis.com' }];
  return refuse({ code: 400, message, reason: 'failedPrecondition', status: 'FAILED_PRECONDITION', details });
}

export function notFound(): RefusalError {
  return refuse({ code: 404, message: 'Requested entity was not found.', reason: 'notFound' });
}
