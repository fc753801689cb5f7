import { z } from 'zod';

/** One socket of a signed-in user. */
export const Member = z.object({ organizationId: z.string(), userId: z.string(), connectionId: z.string() });
export type Member = z.infer<typeof Member>;

/** `room` is an inner name. */
export const PresenceChange = z.discriminatedUnion('what', [
  z.object({ what: z.literal('came'), member: Member }),
  z.object({ what: z.literal('left'), member: Member }),
  z.object({ what: z.literal('typing'), member: Member, room: z.string() }),
  z.object({ what: z.literal('stopped'), member: Member, room: z.string() }),
]);
export type PresenceChange = z.infer<typeof PresenceChange>;

/**
 * What replicas tell each other about their sockets, over a bus that may lose messages. `from` is the replica, `sequence` counts its `changes`:
 * whoever finds one missing, there or in a `pulse`, asks for the whole list.
 */
export const PresenceMessage = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('changes'), from: z.string(), sequence: z.int(), changes: z.array(PresenceChange) }),
  z.object({ kind: z.literal('pulse'), from: z.string(), sequence: z.int() }),
  /** `of`: of this replica, or null for all. */
  z.object({ kind: z.literal('ask'), from: z.string(), of: z.string().nullable() }),
  z.object({
    kind: z.literal('list'),
    from: z.string(),
    sequence: z.int(),
    part: z.int(),
    parts: z.int(),
    members: z.array(Member),
  }),
  z.object({ kind: z.literal('bye'), from: z.string() }),
]);
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
