import { fileFindings, sizeFindings } from './check-media-size.ts';
import { videoAdvice } from './check-video-advice.ts';
import { kilobytes, list, rateTolerance, rounded, seconds } from './media-figures.ts';
import type { MediaFacts } from './media-facts.ts';
import { error, type MediaFinding, warning } from './media-finding.ts';
import type { MediaRules, VideoRules } from './media-rules.ts';
import { planRendition } from './plan-rendition.ts';

/** Videos are not transcoded: everything that a platform refuses about one is told at once. */
export function videoFindings(
  platform: string,
  rules: MediaRules & { video: VideoRules },
  media: MediaFacts,
  field: string,
): MediaFinding[] {
  if (planRendition(rules, media).kind !== 'rewrap') return findingsOf(platform, rules.video, media, field);
  const rewrapped: MediaFacts = { ...media, mimeType: 'video/mp4', indexFirst: true };
  return [
    ...findingsOf(platform, rules.video, rewrapped, field),
    warning(
      'video_rewrapped',
      `The video goes to ${platform} in an MP4 file whose index stands first, picture and sound as they are`,
      field,
    ),
  ];
}

function findingsOf(platform: string, rules: VideoRules, media: MediaFacts, field: string): MediaFinding[] {
  const findings = [
    ...fileFindings(platform, rules, media, field).map(withRemedy),
    ...sizeFindings(platform, rules, media, field),
    ...videoAdvice(platform, rules, media, field),
  ];
  const add = (code: string, message: string) => findings.push(error(code, message, field));
  const { bytes, durationMs, framesPerSecond, codec, audioCodec } = media;
  if (bytes < (rules.bytesMin ?? 0))
    add(
      'media_too_small',
      `${platform} takes videos of ${kilobytes(rules.bytesMin)} KB or more, not ${kilobytes(bytes)} KB`,
    );
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
    if (framesPerSecond * rateTolerance < (rules.framesPerSecondMin ?? 0))
      add(
        'video_too_slow',
        `${platform} takes ${rules.framesPerSecondMin} frames a second or more, not ${rounded(framesPerSecond)}`,
      );
    if (framesPerSecond > (rules.framesPerSecondMax ?? Infinity) * rateTolerance)
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
    add('index_last', `${platform} takes videos whose index stands first, not last; export it with «fast start»`);
  return findings;
}

function withRemedy(finding: MediaFinding): MediaFinding {
  return finding.code === 'media_type' ? { ...finding, message: `${finding.message}; export it as MP4` } : finding;
}
