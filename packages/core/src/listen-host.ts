import { z } from 'zod';

/** An address to listen on; IPv6 with or without brackets. */
export const ListenHost = z
  .string()
  .min(1)
  .transform((host) => host.replace(/^\[(.*)\]$/, '$1'));
