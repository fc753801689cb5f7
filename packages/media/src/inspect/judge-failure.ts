import type { InspectionFailure } from './inspection-failed-error.ts';
import { MediaRefusedError } from '../media-refused-error.ts';

/**
 * What an inspection that ended without an answer says about the file; null where it says nothing, and a fresh process has to try
 * again. A process that has inspected other files before may still bear the marks of them.
 */
export function judgeFailure(failure: InspectionFailure, { isFresh }: { isFresh: boolean }): MediaRefusedError | null {
  if (!isFresh) return null;
  switch (failure) {
    case 'too_much_memory':
      return new MediaRefusedError('too_costly', 'Reading the file takes too much memory.');
    case 'too_much_time':
      return new MediaRefusedError('too_costly', 'Reading the file takes too long.');
    case 'crashed':
      return new MediaRefusedError('malformed', 'The file makes its reader fail.');
    case 'killed':
    case 'starved':
    case 'not_started':
      return null;
  }
}
