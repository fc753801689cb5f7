import { z } from 'zod';

/** A time zone by its IANA name: `Europe/Berlin`. */
export const Timezone = z
  .string()
  .max(100)
  .refine(isTimezone, { error: 'must be an IANA time zone such as Europe/Berlin' });

/** The same without offsets: their sign means one thing here and another in the database, and they know no summer time. */
export const NamedTimezone = Timezone.regex(/^[A-Za-z][A-Za-z0-9_+/-]*$/, {
  error: 'must be an IANA time zone such as Europe/Berlin',
});

function isTimezone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).format(0) !== '';
  } catch {
    return false;
  }
}
