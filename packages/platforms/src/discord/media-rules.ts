import type { MediaRules } from '@vibetribe/media-rules/media-rules';

const megabyte = 1024 * 1024;

/** https://docs.discord.com/developers/reference#uploading-files, read 2026-11: ten files of 10 MB, in a server without boosts. */
export const discordMediaRules: MediaRules = {
  required: false,
  countMax: 10,
  imagesMax: 10,
  videosMax: 10,
  mixed: true,
  altCharactersMax: 1_024,
  image: { mimeTypes: ['image/jpeg', 'image/png', 'image/webp'], bytesMax: 10 * megabyte },
  animation: { mimeTypes: ['image/gif'], bytesMax: 10 * megabyte, alone: false },
  video: { mimeTypes: ['video/mp4', 'video/quicktime', 'video/webm'], bytesMax: 10 * megabyte },
};
