import type { FieldFault } from '@vibetribe/contracts/error-code';
import { faultsMax } from '@vibetribe/contracts/fault-bounds';
import { DomainError } from '../../domain-error.ts';

/** @throws DomainError `validation_failed` naming all faults at once, or so many as an answer tells, when there are any */
export function refuseFaults(faults: readonly FieldFault[]): void {
  if (faults.length === 0) return;
  const count = faults.length === 1 ? 'One thing has' : `${countOf(faults)} things have`;
  throw new DomainError('validation_failed', `${count} to be corrected.`, { errors: faults });
}

/** Whoever collects them stops there. */
function countOf(faults: readonly FieldFault[]): string {
  return faults.length < faultsMax ? String(faults.length) : `${faultsMax} or more`;
}
