/** What makers of phones and cameras call 50 megapixels. */
export const imagePixelsMax = 8192 * 6144;
export const imageFramesMax = 1_000;
