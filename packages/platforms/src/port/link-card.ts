import type { TextContent } from './content.ts';

/** The link that a part shows as a card; what is not given here is read from its page. */
export interface LinkCardWish {
  readonly url: string;
  readonly title?: string | undefined;
  readonly description?: string | undefined;
  /** A picture of the organization's own. */
  readonly mediaId?: string | undefined;
}

/** @returns null where this part shows no card */
export type LinkCardOf = (content: TextContent, pictures: { readonly mediaCount: number }) => LinkCardWish | null;
