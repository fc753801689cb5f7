import { list, rateTolerance, rounded, seconds } from './media-figures.ts';
import type { MediaFacts } from './media-facts.ts';
import { type MediaFinding, warning } from './media-finding.ts';
import type { VideoRules } from './media-rules.ts';

/** What a platform may refuse about a video, or takes and makes worse. What is not known about it is not told. */
export function videoAdvice(platform: string, rules: VideoRules, media: MediaFacts, field: string): MediaFinding[] {
  const { advice = {}, durationMsMax = Infinity, framesPerSecondMax = Infinity } = rules;
  const findings: MediaFinding[] = [];
  const add = (code: string, asked: string, is: string) =>
    findings.push(warning(code, `${platform} asks for ${asked}, and may refuse or worsen ${is}`, field));
  const { durationMs, framesPerSecond, width, height, codec, chroma, pixelAspect } = media;
  // What is refused for certain is told by that alone.
  if (durationMs !== null && durationMs <= durationMsMax && durationMs > (advice.durationMsMax ?? Infinity))
    add('video_long', `${seconds(advice.durationMsMax)} s at most of most accounts`, `${seconds(durationMs)} s`);
  const rateMax = (advice.framesPerSecondMax ?? Infinity) * rateTolerance;
  if (framesPerSecond !== null && framesPerSecond <= framesPerSecondMax && framesPerSecond > rateMax)
    add('video_fast', `${advice.framesPerSecondMax} frames a second at most`, rounded(framesPerSecond));
  const { longEdgeMax = Infinity, shortEdgeMax = Infinity } = advice;
  if (Math.max(width, height) > longEdgeMax || Math.min(width, height) > shortEdgeMax)
    add('video_large', `${longEdgeMax} x ${shortEdgeMax} pixels at most of most accounts`, `${width} x ${height}`);
  if (codec !== null && advice.codecs?.includes(codec) === false)
    add('video_codec_unusual', `video coded as ${list(advice.codecs)}`, codec);
  if (isKnown(chroma) && advice.chromas?.includes(chroma) === false)
    add('video_chroma', `colours kept as ${list(advice.chromas)}`, chroma);
  if (advice.squarePixels === true && isKnown(pixelAspect) && Math.abs(pixelAspect - 1) > 0.005)
    add('video_pixels', 'square pixels', `pixels of ${rounded(pixelAspect)}:1`);
  soundAdvice(add, rules, media);
  return findings;
}

function soundAdvice(
  add: (code: string, asked: string, is: string) => void,
  { advice = {} }: VideoRules,
  { audioCodec, audioProfile, audioChannels }: MediaFacts,
): void {
  if (audioCodec !== null && advice.audioCodecs?.includes(audioCodec) === false)
    add('audio_codec_unusual', `sound coded as ${list(advice.audioCodecs)}`, audioCodec);
  else if (isKnown(audioProfile) && advice.audioProfiles?.includes(audioProfile) === false)
    add('audio_profile', `AAC of profile ${list(advice.audioProfiles)}`, audioProfile);
  if (isKnown(audioChannels) && audioChannels > (advice.audioChannelsMax ?? Infinity))
    add('audio_channels', `${advice.audioChannelsMax} channels of sound at most`, String(audioChannels));
}

function isKnown<Value>(value: Value | null | undefined): value is Value {
  return value !== null && value !== undefined;
}
