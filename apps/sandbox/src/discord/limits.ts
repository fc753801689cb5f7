import type { Limit } from '../state/rate-limits.ts';

/**
 * The global limit of a bot is documented (https://docs.discord.com/developers/topics/rate-limits); those of the routes are what
 * clients see, for each channel.
 */
export const discordLimits = {
  global: { name: 'global', max: 50, windowMs: 1000 },
  create: { name: 'messages-create', max: 5, windowMs: 5000 },
  remove: { name: 'messages-delete', max: 5, windowMs: 1000 },
  read: { name: 'read', max: 20, windowMs: 1000 },
} as const satisfies Record<string, Limit>;
