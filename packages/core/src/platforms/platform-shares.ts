import type { Share } from '@vibetribe/resilience/shared-places';

/**
 * Shares of the places in which platforms are called. Each is a share of what is free, so that a place is always left for whoever comes
 * next. One organization alone gets three places of four, one server alone half of them.
 */
export function shareOfOrganization(organizationId: string): Share {
  return { key: `organization ${organizationId}`, max: (free) => 3 * free };
}

/** Servers that users bring may be slow, and are nobody's but theirs. None where the platform is one server. */
export function shareOfServer(service: string): Share[] {
  return service === '' ? [] : [{ key: `server ${service}`, max: (free) => free }];
}
