import type { FastifyReply } from 'fastify';
import { sendPostPage } from '../page/post-page.ts';
import type { Site, SiteContext } from '../site.ts';

/** The page of a post whose address names it by a short code. */
export function sendShortcodePage(
  reply: FastifyReply,
  site: Site,
  { sandbox }: Pick<SiteContext, 'sandbox'>,
  { shortcode, shortcodeOf }: { shortcode: string; shortcodeOf: (id: string) => string | undefined },
): FastifyReply {
  const posts = sandbox.posts.page({ site: site.id }, Infinity, Infinity);
  const found = posts.find(({ id }) => shortcodeOf(id) === shortcode);
  return sendPostPage(reply, site, sandbox, found?.id ?? shortcode);
}
