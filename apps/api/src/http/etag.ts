import { DomainError } from '@vibetribe/core/domain-error';

/** The strong entity tag of a resource's version. */
export function entityTag(version: number): string {
  return `"${version}"`;
}

/**
 * The version that an If-Match header asks for; null where any will do (no header, or `*`).
 * @throws DomainError `precondition_failed` for tags that no version has: weak ones, several, or none of ours
 */
export function expectedVersion(ifMatch: string | undefined): number | null {
  if (ifMatch === undefined || ifMatch.trim() === '*') return null;
  const version = /^"(\d{1,9})"$/.exec(ifMatch.trim())?.[1];
  if (version === undefined)
    throw new DomainError('precondition_failed', 'If-Match must be the ETag the resource was read with.');
  return Number(version);
}
