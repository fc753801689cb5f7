import type { ReconcileQuery } from '../port/reconcile.ts';
import { lettersOf, resembles } from '../text/resembles.ts';
import type { ListedStatus } from './listing.ts';
import { MastodonOptions } from './options.ts';
import { habitsOf } from './software.ts';
import { mastodonFingerprint, textOfHtml } from './text.ts';
import { MastodonUpload } from './upload.ts';

/** `maybe`: nothing says that it is another one. */
export type Judgement = 'ours' | 'maybe' | 'other';

/** A text with fewer letters says too little to be told by them. */
const lettersMin = 8;

/**
 * Whether a status is this publication: by its media, which no other can show, else by text and warning; on servers that write texts
 * anew by what survives of them. What another application posted is never ours.
 */
export function judgeStatus({ account, content, results }: ReconcileQuery): (status: ListedStatus) => Judgement {
  const { application, software } = account.serverRules ?? {};
  const { keepsText } = habitsOf(software);
  const mediaIds = Object.values(results).flatMap((result) => MastodonUpload.safeParse(result).data?.mediaId ?? []);
  const warning = MastodonOptions.safeParse(content.options).data?.spoilerText ?? '';
  const wanted = { text: mastodonFingerprint(content.text), warning: mastodonFingerprint(warning) };
  const letters = lettersOf(`${warning} ${content.text}`);
  const links = linksOf(content.text);

  const byText = (status: ListedStatus): Judgement => {
    const text = textOfHtml(status.content);
    const isSame =
      mastodonFingerprint(text) === wanted.text && mastodonFingerprint(status.spoiler_text) === wanted.warning;
    if (isSame) return 'ours';
    const shown = `${status.spoiler_text} ${text}`;
    if (keepsText) return resembles(`${warning} ${content.text}`, shown) ? 'maybe' : 'other';
    const survives = letters.length >= lettersMin && lettersOf(shown) === letters;
    return survives && mayLinkTo(links, linksOf(`${text} ${status.content}`)) ? 'ours' : 'maybe';
  };

  return (status) => {
    const made = status.application?.name;
    if (application !== undefined && made !== undefined && made !== application) return 'other';
    const shown = status.media_attachments;
    if (mediaIds.length === 0) return shown.length > 0 && keepsText ? 'other' : byText(status);
    if (shown.some(({ id }) => mediaIds.includes(id))) return 'ours';
    if (keepsText || shown.length === 0) return keepsText ? 'other' : 'maybe';
    return byText(status);
  };
}

function linksOf(text: string): URL[] {
  const found = text.match(/https?:\/\/[^\s<>"']{1,2000}/gu) ?? [];
  return found.slice(0, 100).flatMap((link) => (URL.canParse(link) ? [new URL(link)] : []));
}

/** A link that was shortened leads elsewhere; one to the same host but another page is another post's. */
function mayLinkTo(ours: readonly URL[], theirs: readonly URL[]): boolean {
  const hosts = new Set(ours.map(({ host }) => host));
  const pages = new Set(ours.map(pageOf));
  return theirs.every((link) => !hosts.has(link.host) || pages.has(pageOf(link)));
}

function pageOf({ host, pathname }: URL): string {
  return `${host}${pathname.replace(/\/$/u, '')}`;
}
