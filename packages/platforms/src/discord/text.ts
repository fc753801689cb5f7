import { seenForm } from '../text/normal-form.ts';

export const discordTextMax = 2_000;

/** Unicode code points. */
export function countDiscord(text: string): number {
  let count = 0;
  for (const _ of text) count += 1;
  return count;
}

/**
 * What a text and Discord's copy of it have in common. Discord trims, and "may strip certain characters" that are invisible.
 * https://docs.discord.com/developers/resources/message#create-message, read 2026-11.
 */
export function discordFingerprint(text: string): string {
  return seenForm(text.toWellFormed().replace(/\p{Cn}|(?!\s)\p{Cc}/gu, ''));
}
