/**
 * Why a file is not taken.
 * `type_unknown`: not one of ours. `too_large`, `empty`: its length.
 * `malformed`: broken or cut off. `second_format`: something else is hidden in it. `too_many_pixels`, `too_many_frames`,
 * `too_costly`: reading it would take more memory or time than an upload may. `unsupported`: whole, but of no use here.
 * `aborted`: the sender stopped.
 */
export type MediaRefusalCode =
  | 'type_unknown'
  | 'too_large'
  | 'empty'
  | 'malformed'
  | 'second_format'
  | 'too_many_pixels'
  | 'too_many_frames'
  | 'too_costly'
  | 'unsupported'
  | 'aborted';

/** The file is at fault, not we; `message` is shown to who sent it. */
export class MediaRefusedError extends Error {
  override readonly name = 'MediaRefusedError';
  readonly code: MediaRefusalCode;

  constructor(code: MediaRefusalCode, message: string, options: { cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
  }
}
