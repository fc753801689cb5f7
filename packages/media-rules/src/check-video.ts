import { fileFindings, sizeFindings } from './check-media-size.ts';
import { list, rounded, seconds } from './media-figures.ts';
import type { MediaFacts } from './media-facts.ts';
import { error, type MediaFinding } from './media-finding.ts';
import type { VideoRules } from './media-rules.ts';

/** Videos are not transcoded: everything that a platform refuses about one is told at once. */
export function videoFindings(platform: string, rules: VideoRules, media: MediaFacts, field: string): MediaFinding[] {
  const findings = [...fileFindings(platform, rules, media, field), ...sizeFindings(platform, rules, media, field)];
  const add = (code: string, message: string) => findings.push(error(code, message, field));
  const { durationMs, framesPerSecond, codec, audioCodec } = media;
  if (durationMs !== null) {
    if (durationMs < (rules.durationMsMin ?? 0))
      add(
        'video_too_short',
        `${platform} takes videos of ${seconds(rules.durationMsMin)} s or more, not ${seconds(durationMs)} s`,
      );
    if (durationMs > (rules.durationMsMax ?? Infinity))
      add(
        'video_too_long',
        `${platform} takes videos of ${seconds(rules.durationMsMax)} s at most, not ${seconds(durationMs)} s`,
      );
  }
  if (framesPerSecond !== null) {
    if (framesPerSecond < (rules.framesPerSecondMin ?? 0))
      add(
        'video_too_slow',
        `${platform} takes ${rules.framesPerSecondMin} frames a second or more, not ${rounded(framesPerSecond)}`,
      );
    if (framesPerSecond > (rules.framesPerSecondMax ?? Infinity))
      add(
        'video_too_fast',
        `${platform} takes ${rules.framesPerSecondMax} frames a second at most, not ${rounded(framesPerSecond)}`,
      );
  }
  if (codec !== null && rules.codecs?.includes(codec) === false)
    add('video_codec', `${platform} takes video coded as ${list(rules.codecs)}, not ${codec}`);
  if (audioCodec !== null && rules.audioCodecs?.includes(audioCodec) === false)
    add('audio_codec', `${platform} takes sound coded as ${list(rules.audioCodecs)}, not ${audioCodec}`);
  if (rules.indexFirst === true && media.indexFirst === false)
    add('index_last', `${platform} takes videos whose index stands first (fast start), not last`);
  return findings;
}
