/** The one account of the stand-in. */
export const sandboxAccount = {
  cloudName: 'sandbox',
  apiKey: 'vibetribe-sandbox',
  apiSecret: 'vibetribe-sandbox-secret',
} as const;
