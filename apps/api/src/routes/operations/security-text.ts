import type { FastifyPluginAsync } from 'fastify';
import type { ApiServices } from '../../api-services.ts';

const validForMs = 180 * 24 * 60 * 60 * 1000;

/** RFC 9116. */
export const securityTextRoute: FastifyPluginAsync<{
  services: Pick<ApiServices, 'publicUrl' | 'clock' | 'securityContact'>;
}> = async (app, { services }) => {
  app.get(
    '/.well-known/security.txt',
    { config: { access: 'public' }, schema: { hide: true } },
    async (_request, reply) => {
      const { hostname } = new URL(services.publicUrl());
      const expiresAt = new Date(services.clock.now().getTime() + validForMs).toISOString();
      const lines = [
        `Contact: ${services.securityContact ?? `mailto:security@${hostname}`}`,
        `Expires: ${expiresAt}`,
        'Preferred-Languages: en',
        `Canonical: ${services.publicUrl()}/.well-known/security.txt`,
      ];
      return reply.type('text/plain; charset=utf-8').send(`${lines.join('\n')}\n`);
    },
  );
};
