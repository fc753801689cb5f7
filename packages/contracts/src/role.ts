import { z } from 'zod';

/** What a member may do, weakest first; each role may do what the ones before it may. */
export const Role = z.enum(['viewer', 'editor', 'admin', 'owner']);
export type Role = z.infer<typeof Role>;
