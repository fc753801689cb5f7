import type { ImageRules } from './media-rules.ts';
import type { MediaFacts } from './media-facts.ts';
import { error, type MediaFinding } from './media-finding.ts';
import { list, megabytes, rounded } from './media-figures.ts';

/** Type and bytes. */
export function fileFindings(
  platform: string,
  rules: { mimeTypes: readonly string[]; bytesMax: number },
  media: MediaFacts,
  field: string,
): MediaFinding[] {
  const findings: MediaFinding[] = [];
  if (!rules.mimeTypes.includes(media.mimeType)) {
    findings.push(error('media_type', `${platform} takes ${list(rules.mimeTypes)} here, not ${media.mimeType}`, field));
  }
  if (media.bytes > rules.bytesMax) {
    findings.push(
      error(
        'media_too_large',
        `${platform} takes ${megabytes(rules.bytesMax)} MB at most, not ${megabytes(media.bytes)} MB`,
        field,
      ),
    );
  }
  return findings;
}

/** Any of the bounds may be missing. */
export type SizeRules = Omit<ImageRules, 'mimeTypes' | 'bytesMax'>;

/** Width, height, their product and their ratio. */
export function sizeFindings(
  platform: string,
  rules: SizeRules,
  { width, height }: MediaFacts,
  field: string,
): MediaFinding[] {
  const findings: MediaFinding[] = [];
  const add = (code: string, message: string) => findings.push(error(code, `${platform} ${message}`, field));
  const is = `not ${width} x ${height}`;
  if (width < (rules.widthMin ?? 0))
    add('media_too_narrow', `takes a width of ${rules.widthMin} pixels or more, ${is}`);
  if (height < (rules.heightMin ?? 0))
    add('media_too_low', `takes a height of ${rules.heightMin} pixels or more, ${is}`);
  if (width > (rules.widthMax ?? Infinity))
    add('media_too_wide', `takes a width of ${rules.widthMax} pixels at most, ${is}`);
  if (height > (rules.heightMax ?? Infinity))
    add('media_too_high', `takes a height of ${rules.heightMax} pixels at most, ${is}`);
  if (width * height > (rules.pixelsMax ?? Infinity))
    add('media_too_many_pixels', `takes ${rules.pixelsMax} pixels at most, ${is}`);
  const ratio = width / height;
  if (ratio < (rules.ratioMin ?? 0))
    add('media_ratio', `takes nothing narrower than ${rounded(rules.ratioMin)}:1, ${is}`);
  if (ratio > (rules.ratioMax ?? Infinity))
    add('media_ratio', `takes nothing wider than ${rounded(rules.ratioMax)}:1, ${is}`);
  return findings;
}
