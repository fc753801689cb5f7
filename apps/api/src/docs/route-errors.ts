import { type ErrorCode, errorCodes } from '@vibetribe/contracts/error-code';
import type { FastifyContextConfig } from 'fastify';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Codes that only this route's own rules answer with; those that follow from its form are documented by themselves. */
    errors?: readonly ErrorCode[];
    /** The route honours `If-Match`. */
    versioned?: true;
    /** The multipart field that carries files, and how many may come. */
    upload?: { readonly field: string; readonly filesMax: number };
  }
}

/** What decides about a route's errors. */
export interface RouteForm {
  readonly config: FastifyContextConfig;
  readonly hasBody: boolean;
  readonly hasQuery: boolean;
  readonly hasParams: boolean;
}

/** Every code that the route may answer with, by HTTP status. */
export function errorsByStatus(route: RouteForm): Map<number, ErrorCode[]> {
  const codes = new Set<ErrorCode>([...codesOfForm(route), ...(route.config.errors ?? [])]);
  return Map.groupBy([...codes].toSorted(), (code) => errorCodes[code].status);
}

function codesOfForm({ config, hasBody, hasQuery, hasParams }: RouteForm): ErrorCode[] {
  const { access, idempotent, versioned, upload, isUncounted } = config;
  return [
    'internal',
    'unavailable',
    'timeout',
    ...(isUncounted ? [] : (['rate_limited'] as const)),
    ...(access === 'public' ? [] : (['unauthenticated', 'session_revoked', 'foreign_page', 'forbidden'] as const)),
    ...(hasParams ? (['not_found', 'malformed_request'] as const) : []),
    ...(hasQuery ? (['validation_failed'] as const) : []),
    ...(hasBody || upload !== undefined
      ? (['malformed_request', 'validation_failed', 'payload_too_large', 'unsupported_media_type'] as const)
      : []),
    ...(idempotent === undefined
      ? []
      : (['idempotency_in_flight', 'idempotency_mismatch', 'validation_failed'] as const)),
    ...(versioned ? (['precondition_failed', 'validation_failed'] as const) : []),
  ];
}
