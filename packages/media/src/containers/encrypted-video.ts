import { MediaRefusedError } from '../media-refused-error.ts';

export function encryptedVideo(): MediaRefusedError {
  return new MediaRefusedError(
    'unsupported',
    'The video is encrypted (copy protection), and would be noise to everybody. Export it without protection, and upload that.',
  );
}
