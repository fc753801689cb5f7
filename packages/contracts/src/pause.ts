import { z } from 'zod';
import { PlatformId } from './platform-id.ts';

export const PauseScope = z.enum(['account', 'organization', 'service']);
export type PauseScope = z.infer<typeof PauseScope>;

/** An emergency stop. `id` is the account's for the scope account; the organization is the caller's own, named or not. */
export const CreatePause = z
  .strictObject({
    scope: PauseScope,
    id: z.string().min(1).max(100).optional(),
    reason: z.string().trim().min(1).max(500),
  })
  .refine((pause) => pause.scope !== 'account' || pause.id !== undefined, {
    path: ['id'],
    error: 'is needed: the account to stop',
  })
  .refine((pause) => pause.scope !== 'service' || pause.id === undefined, {
    path: ['id'],
    error: 'is not for the scope service, which stops everything',
  });
export type CreatePause = z.infer<typeof CreatePause>;

export const Pause = z.object({
  id: z.string(),
  scope: PauseScope,
  accountId: z.string().nullable(),
  reason: z.string(),
  createdAt: z.iso.datetime({ offset: true }),
});
export type Pause = z.infer<typeof Pause>;

/** What goes out as soon as the pause is lifted, if no other pause keeps it back. */
export const PausedPublication = z.object({
  publicationId: z.string(),
  postId: z.string(),
  accountId: z.string(),
  platform: PlatformId,
  scheduledAt: z.iso.datetime({ offset: true }).nullable(),
  text: z.string(),
});
export type PausedPublication = z.infer<typeof PausedPublication>;
