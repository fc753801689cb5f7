import type { FastifyInstance } from 'fastify';

/** From the start of closing on, an answer ends its connection: one that a client kept open would hold the process up. */
export function endConnectionsOnClose(app: FastifyInstance): void {
  let isClosing = false;
  app.addHook('preClose', async () => {
    isClosing = true;
  });
  app.addHook('onSend', async (_request, reply) => {
    if (isClosing) void reply.header('connection', 'close');
  });
}

/** Takes no more work, and resolves when what is under way has been answered; what is not by `drainMs` is cut off. */
export async function closeApp(app: FastifyInstance, { drainMs }: { readonly drainMs: number }): Promise<void> {
  const timer = setTimeout(() => app.server.closeAllConnections(), drainMs);
  try {
    await app.close();
  } finally {
    clearTimeout(timer);
  }
}
