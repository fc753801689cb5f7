import type { FastifyInstance } from 'fastify';
import type { SiteContext } from '../site.ts';
import type { AttachmentLimits } from './attachments.ts';
import { oldSite } from './limits.ts';
import { pollLimits } from './status-body.ts';
import { charactersMax, charactersPerUrl } from './status-text.ts';

const description = 'An instance of the platform sandbox';

/** https://docs.joinmastodon.org/methods/instance/ and https://nodeinfo.diaspora.software */
export function instanceRoutes(
  app: FastifyInstance,
  title: string,
  context: SiteContext,
  limits: AttachmentLimits,
): void {
  const { accounts, posts } = context.sandbox;
  const version = context.site === oldSite ? '4.2.10' : '4.7.0';
  const users = () => accounts.ofSite(context.site).length;

  app.get('/.well-known/nodeinfo', () => ({
    links: [{ rel: 'http://nodeinfo.diaspora.software/ns/schema/2.0', href: `${context.origin()}/nodeinfo/2.0` }],
  }));

  app.get('/nodeinfo/2.0', () => ({
    version: '2.0',
    software: { name: 'mastodon', version },
    protocols: ['activitypub'],
    services: { outbound: [], inbound: [] },
    usage: {
      users: { total: users(), activeMonth: users(), activeHalfyear: users() },
      localPosts: posts.commits({ site: context.site }),
    },
    openRegistrations: false,
    metadata: { nodeName: title, nodeDescription: description },
  }));

  // Deprecated since 4.0 and still there: https://docs.joinmastodon.org/entities/V1_Instance/
  app.get('/api/v1/instance', () => ({
    uri: new URL(context.origin()).host,
    title,
    short_description: description,
    description,
    email: 'admin@example.test',
    version,
    urls: { streaming_api: '' },
    stats: { user_count: users(), status_count: posts.commits({ site: context.site }), domain_count: 1 },
    thumbnail: `${context.origin()}/packs/media/images/preview.png`,
    languages: ['en'],
    registrations: false,
    approval_required: false,
    invites_enabled: false,
    configuration: configurationOf(limits),
    contact_account: null,
    rules: [],
  }));

  app.get('/api/v2/instance', () => {
    const origin = context.origin();
    return {
      domain: new URL(origin).host,
      title,
      version,
      source_url: 'https://github.com/mastodon/mastodon',
      description,
      usage: { users: { active_month: users() } },
      thumbnail: { url: `${origin}/packs/media/images/preview.png` },
      icon: [],
      languages: ['en'],
      configuration: configurationOf(limits),
      registrations: {
        enabled: false,
        approval_required: false,
        reason_required: false,
        message: null,
        min_age: null,
        url: null,
      },
      ...(context.site === oldSite ? {} : { api_versions: { mastodon: 7 } }),
      contact: { email: 'admin@example.test', account: null },
      rules: [],
    };
  });
}

const configurationOf = (limits: AttachmentLimits) => ({
  urls: { streaming: '', status: null, about: null, privacy_policy: null, terms_of_service: null },
  vapid: { public_key: 'BCk-QqERU0q-CfYZjcuB6lnyyOYfJ2AifKqfeGIm7Z-HiTU5T9eTG5GxVA0_OH5mMlI4UkkDTpaZwozy0TzdZ2M=' },
  accounts: { max_featured_tags: 10, max_pinned_statuses: 5 },
  statuses: {
    max_characters: charactersMax,
    max_media_attachments: limits.countMax,
    characters_reserved_per_url: charactersPerUrl,
  },
  media_attachments: {
    description_limit: limits.descriptionCharactersMax,
    image_matrix_limit: limits.imagePixelsMax,
    image_size_limit: limits.imageBytesMax,
    supported_mime_types: limits.mimeTypes,
    video_frame_rate_limit: 120,
    video_matrix_limit: 8_294_400,
    video_size_limit: limits.videoBytesMax,
  },
  polls: pollLimits,
  translation: { enabled: false },
  limited_federation: false,
});
