import type { FastifyInstance } from 'fastify';
import type { SitePlace } from '../site.ts';
import type { AttachmentLimits } from './attachments.ts';
import { charactersMax, charactersPerUrl } from './status-text.ts';

/** https://docs.joinmastodon.org/methods/instance/#v2 */
export function instanceRoute(app: FastifyInstance, title: string, place: SitePlace, limits: AttachmentLimits): void {
  app.get('/api/v2/instance', () => {
    const origin = place.origin();
    return {
      domain: new URL(origin).host,
      title,
      version: '4.7.0',
      source_url: 'https://github.com/mastodon/mastodon',
      description: 'An instance of the platform sandbox',
      usage: { users: { active_month: place.world.accounts.ofSite(place.site).length } },
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
      api_versions: { mastodon: 7 },
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
  polls: { max_options: 4, max_characters_per_option: 50, min_expiration: 300, max_expiration: 2_629_746 },
  translation: { enabled: false },
  limited_federation: false,
});
