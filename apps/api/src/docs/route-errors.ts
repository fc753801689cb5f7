import { type ErrorCode, errorCodes } from '@vibetribe/contracts/error-code';
import type { FastifyContextConfig } from 'fastify';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Codes that only this route's own rules answer with; those that follow from its form are documented by themselves. */
    errors?: readonly ErrorCode[];
    /** The route honours `If-Match`. */
    versioned?: true;
    /** The route answers a browser: its refusals are pages too. */
    isPage?: true;
    /** The multipart field that carries files, and how many may come. */
    upload?: { readonly field: string; readonly filesMax: number };
  }
}

/** What decides about a route's errors. */
export interface RouteForm {
  readonly method: string;
  readonly config: FastifyContextConfig;
  readonly hasParams: boolean;
}

/** Every code that the route may answer with, by HTTP status. */
export function errorsByStatus(route: RouteForm): Map<number, ErrorCode[]> {
  const codes = new Set<ErrorCode>([...codesOfForm(route), ...(route.config.errors ?? [])]);
  return Map.groupBy([...codes].toSorted(), (code) => errorCodes[code].status);
}

function codesOfForm({ method, config, hasParams }: RouteForm): ErrorCode[] {
  const { access, idempotent, versioned, isUncounted } = config;
  return [
    'internal',
    'unavailable',
    'timeout',
    // What no route can read, or no field can hold, is refused wherever it stands, asked for or not.
    'malformed_request',
    'validation_failed',
    ...(method === 'get' ? [] : (['payload_too_large', 'unsupported_media_type'] as const)),
    ...(isUncounted ? [] : (['rate_limited'] as const)),
    ...(access === 'public' ? [] : (['unauthenticated', 'session_revoked', 'foreign_page', 'forbidden'] as const)),
    ...(hasParams ? (['not_found'] as const) : []),
    ...(idempotent === undefined ? [] : (['idempotency_in_flight', 'idempotency_mismatch'] as const)),
    ...(versioned ? (['precondition_failed'] as const) : []),
  ];
}
