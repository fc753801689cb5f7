/** The application that every platform of the sandbox knows from the start. Its secret guards nothing. */
export const builtInClient = { id: 'vibetribe-sandbox', secret: 'vibetribe-sandbox-secret' } as const;
