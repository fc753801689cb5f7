import { censor } from './redact-fields.ts';

/** Secrets that are recognised by their own form, wherever they stand. None of them contains a quote or a backslash: JSON stays JSON. */
const forms: readonly (readonly [pattern: RegExp, replacement: string])[] = [
  [/\b(Bearer|Basic|Bot|DPoP) +[A-Za-z0-9._~+/=-]{8,}/gi, `$1 ${censor}`],
  [/\bvt_[0-9A-Za-z]{38}\b/g, censor],
  [/\beyJ[\w-]{6,1000}\.[\w-]+\.[\w-]*/g, censor],
  [/(\w:\/\/)[^\s/@"\\]+@/g, `$1${censor}@`],
  [
    /([?&#](?:[\w-]*(?:token|secret|signature|password)|code|code_verifier|api_?key|ticket|sig)=)[^&#\s"\\]+/gi,
    `$1${censor}`,
  ],
];

/** The last net, over the finished line: secrets inside texts (messages, stacks, addresses), which no field name gives away. */
export function scrubLine(line: string): string {
  return forms.reduce((text, [pattern, replacement]) => text.replaceAll(pattern, replacement), line);
}
