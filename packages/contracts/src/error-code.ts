import { z } from 'zod';

/** Every `code` a problem document may carry, with its HTTP status and title. Clients switch on the code, never on the text. */
export const errorCodes = {
  validation_failed: { status: 422, title: 'The request is not valid' },
  malformed_request: { status: 400, title: 'The request could not be read' },
  unauthenticated: { status: 401, title: 'Credentials are missing or not valid' },
  invalid_credentials: { status: 401, title: 'The email or password is wrong' },
  totp_required: { status: 401, title: 'A code of the second factor is needed' },
  totp_invalid: { status: 401, title: 'The code of the second factor is wrong or was used' },
  session_revoked: { status: 401, title: 'The session has ended' },
  refresh_token_used: { status: 401, title: 'The refresh token was used a moment ago' },
  forbidden: { status: 403, title: 'The role or scope does not allow this' },
  foreign_page: { status: 403, title: 'The request does not come from a page of this origin' },
  registration_closed: { status: 403, title: 'Registration is closed' },
  not_found: { status: 404, title: 'Not found' },
  method_not_allowed: { status: 405, title: 'The method is not allowed here' },
  conflict: { status: 409, title: 'The state of the resource does not allow this' },
  email_taken: { status: 409, title: 'The email address has an account already' },
  already_publishing: { status: 409, title: 'It is on its way and can no longer be changed' },
  nothing_to_stop: { status: 409, title: 'Nothing could be stopped' },
  nothing_to_retry: { status: 409, title: 'Nothing has failed' },
  not_supported_by_platform: { status: 409, title: 'The platform has no way to do this' },
  idempotency_in_flight: { status: 409, title: 'The first request with this key is still running' },
  idempotency_mismatch: { status: 422, title: 'The key was used with another body' },
  precondition_failed: { status: 412, title: 'The resource has changed since it was read' },
  quota_exceeded: { status: 422, title: 'The organization may not keep any more' },
  payload_too_large: { status: 413, title: 'The body is too large' },
  unsupported_media_type: { status: 415, title: 'The content type is not supported' },
  rate_limited: { status: 429, title: 'Too many requests' },
  platform_rejected: { status: 422, title: 'The platform refused the credentials or the request' },
  platform_unavailable: { status: 502, title: 'The platform could not be reached' },
  oauth_state_invalid: { status: 400, title: 'The authorization is unknown, used or expired' },
  link_invalid: { status: 400, title: 'The link is unknown, used or expired' },
  internal: { status: 500, title: 'Something went wrong on our side' },
  storage_full: { status: 507, title: 'There is no room left on our side' },
  unavailable: { status: 503, title: 'The service is not ready' },
  timeout: { status: 503, title: 'The request took too long' },
} as const satisfies Record<string, { status: number; title: string }>;

export const ErrorCode = z.enum(Object.keys(errorCodes) as [keyof typeof errorCodes, ...(keyof typeof errorCodes)[]]);
export type ErrorCode = keyof typeof errorCodes;

export const FieldFault = z.object({ path: z.string(), message: z.string() });
export type FieldFault = z.infer<typeof FieldFault>;

/** RFC 9457 problem document, `application/problem+json`. */
export const Problem = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  code: ErrorCode,
  requestId: z.string(),
  errors: z.array(FieldFault).optional(),
});
export type Problem = z.infer<typeof Problem>;
