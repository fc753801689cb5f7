import { DomainError } from '../../domain-error.ts';

/** @param expected from `If-Match`; null: any will do. @throws DomainError `precondition_failed` when the post was edited since the caller read it */
export function requireVersion({ version }: { readonly version: number }, expected: number | null): void {
  if (expected === null || expected === version) return;
  throw new DomainError('precondition_failed', 'The post was edited by someone else since it was read.');
}
