import { z } from 'zod';

/** What replicas tell each other about people: who came and went, who is typing. `connectionId` is one socket; `room` is an inner name. */
export const PresenceMessage = z.object({
  type: z.enum(['user-connected', 'user-disconnected', 'user-typing', 'user-stopped-typing']),
  organizationId: z.string(),
  userId: z.string(),
  connectionId: z.string(),
  room: z.string().optional(),
});
export type PresenceMessage = z.infer<typeof PresenceMessage>;

/** Null for what is not such a message, as an older or newer version of the service may send. */
export function parsePresence(payload: string): PresenceMessage | null {
  try {
    return PresenceMessage.parse(JSON.parse(payload));
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof z.ZodError) return null;
    throw error;
  }
}
