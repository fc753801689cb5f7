/** Why a person may be asked whether a post is out, as docs/failure-modes.md lists it. Whatever else is said is a violation. */
const unconfirmedReasons = {
  'repeat refused as a duplicate': /refused a repeat as a duplicate/u,
  'a new post that may be this one': /may be this one(?:, written anew by its server|, changed by \w+)?\./u,
  'too many posts since the send': /[Mm]ore than \d+ (?:(?:posts|pins) were made|messages since|comments)/u,
  'a list that leaves out what is there': /which is there, is missing from .+ list/u,
  'still at work on it': /is (?:still )?working on|is not listed yet/u,
  'listed only after a check': /lists photos only once it has looked at them/u,
  'account disconnected': /account was disconnected/u,
  'taken, then refused': /took it, then something went wrong/u,
  'refuses to be asked': /could not be asked for a day|refuses to be asked/u,
  'no way to tell': /no way to look it up|leaves out of its list|does not let this|are not public|lists only/u,
} as const satisfies Record<string, RegExp>;

export function unconfirmedReasonOf(message: string): string | null {
  return Object.entries(unconfirmedReasons).find(([, pattern]) => pattern.test(message))?.[0] ?? null;
}
