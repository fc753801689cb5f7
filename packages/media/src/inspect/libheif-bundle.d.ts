/** The part of libheif-js that is used here; its own types are those of all of libheif. */
declare module 'libheif-js/libheif-wasm/libheif-bundle.js' {
  interface Status {
    readonly code: unknown;
    readonly message: string;
  }

  interface DecodedImage {
    readonly width: number;
    readonly height: number;
    readonly channels: readonly { readonly data: Uint8Array; readonly stride: number }[];
  }

  export interface Libheif {
    readonly heif_error_code: { readonly heif_error_Ok: unknown };
    readonly heif_colorspace: { readonly heif_colorspace_RGB: unknown };
    readonly heif_chroma: {
      readonly heif_chroma_interleaved_RGB: unknown;
      readonly heif_chroma_interleaved_RGBA: unknown;
    };
    heif_context_alloc(): unknown;
    heif_context_read_from_memory(context: unknown, file: Buffer): Status;
    /** The handle, or a status where there is none. */
    heif_js_context_get_primary_image_handle(context: unknown): unknown;
    heif_image_handle_get_width(handle: unknown): number;
    heif_image_handle_get_height(handle: unknown): number;
    heif_image_handle_has_alpha_channel(handle: unknown): number | boolean;
    /** The picture, or a status where it cannot be decoded. */
    heif_js_decode_image2(handle: unknown, colourSpace: unknown, chroma: unknown): DecodedImage | Status;
  }

  /** Each call makes one that shares nothing with others, and compiles anew. */
  const createLibheif: () => Libheif;
  export default createLibheif;
}
