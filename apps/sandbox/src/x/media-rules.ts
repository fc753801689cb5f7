/** https://docs.x.com/x-api/media/quickstart/best-practices */
export const categories = {
  tweet_image: {
    mimeTypes: ['image/jpeg', 'image/png', 'image/webp', 'image/bmp', 'image/tiff', 'image/pjpeg'],
    bytesMax: 5 * 1024 * 1024,
    isProcessed: false,
  },
  tweet_gif: { mimeTypes: ['image/gif'], bytesMax: 15 * 1024 * 1024, isProcessed: true },
  tweet_video: { mimeTypes: ['video/mp4', 'video/quicktime'], bytesMax: 16 * 1024 ** 3, isProcessed: true },
} as const;
export type Category = keyof typeof categories;

export const categoryNames = ['tweet_image', 'tweet_gif', 'tweet_video'] as const satisfies readonly Category[];
export const segmentBytesMax = 5 * 1024 * 1024;
export const uploadLifeSeconds = 86_400;
export const altCharactersMax = 1000;
/** Keys name the kind before the id. */
export const keyPrefixes: Readonly<Record<Category, string>> = { tweet_image: '3', tweet_gif: '16', tweet_video: '7' };
