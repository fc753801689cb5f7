/** What makers of phones and cameras call 50 megapixels. */
export const imagePixelsMax = 8192 * 6144;
/** Of AVIF, whose decoder takes 18 bytes for each. */
export const avifPixelsMax = 30_000_000;
export const imageFramesMax = 1_000;
