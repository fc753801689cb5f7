import { z } from 'zod';

/** What every consent page is asked with (RFC 6749). `sandbox_approve` consents at once, as the accounts that it names. */
export const ConsentQuery = z.object({
  client_id: z.string(),
  redirect_uri: z.url(),
  response_type: z.literal('code'),
  scope: z.string().min(1),
  state: z.string().max(500).default(''),
  sandbox_approve: z.string().optional(),
});
