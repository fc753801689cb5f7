import type { Admit } from './admit.ts';
import type { Owners } from './owners.ts';
import type { Pins } from './pins.ts';
import type { Sections } from './sections.ts';
import type { Tokens } from './tokens.ts';
import type { Uploads } from './uploads.ts';

/** What the routes of this site work on. */
export type PinterestParts = {
  owners: Owners;
  tokens: Tokens;
  admit: Admit;
  sections: Sections;
  uploads: Uploads;
  pins: Pins;
};
