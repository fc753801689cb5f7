import type { FieldFault } from '@vibetribe/contracts/error-code';
import { DomainError } from '../domain-error.ts';

/** @throws DomainError `validation_failed` naming all faults at once, when there are any */
export function refuseFaults(faults: readonly FieldFault[]): void {
  if (faults.length === 0) return;
  const count = faults.length === 1 ? 'One thing has' : `${faults.length} things have`;
  throw new DomainError('validation_failed', `${count} to be corrected.`, { errors: faults });
}
