import type { PlatformEndpoints } from '../port/endpoints.ts';

/** Addresses of a test's own platform; whatever is not given is not configured. */
export function testEndpoints(given: Partial<PlatformEndpoints> = {}): PlatformEndpoints {
  return { api: null, authorize: null, hosts: {}, version: null, client: null, clients: {}, ...given };
}
