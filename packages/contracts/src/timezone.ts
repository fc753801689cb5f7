import { z } from 'zod';

/** A time zone by its IANA name: `Europe/Berlin`. */
export const Timezone = z
  .string()
  .max(100)
  .refine(isTimezone, { error: 'must be an IANA time zone such as Europe/Berlin' });

function isTimezone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).format(0) !== '';
  } catch {
    return false;
  }
}
