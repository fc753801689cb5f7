/** About a 50 megapixel camera's picture. */
export const imagePixelsMax = 50_000_000;
export const imageFramesMax = 1_000;
