import { z } from 'zod';
import { JsonValue } from './json-value.ts';

const Values = z.record(z.string(), JsonValue);

/** Who changed what. Of a change only what differs is shown, of something new or gone all that is worth showing. */
export const AuditEntry = z.object({
  id: z.string(),
  at: z.iso.datetime({ offset: true }),
  /** `user:<id>` or `key:<id>`; `system` where nobody asked for it. */
  actor: z.string(),
  /** `post.updated`, `member.deleted` and so on. */
  action: z.string(),
  /** `post:<id>`, `member:<user id>` and so on. */
  target: z.string(),
  before: Values.optional(),
  after: Values.optional(),
});
export type AuditEntry = z.infer<typeof AuditEntry>;
