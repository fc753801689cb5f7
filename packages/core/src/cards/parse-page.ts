import { Parser } from 'htmlparser2';

/** What a page says about itself for whoever links to it. */
export interface PageFacts {
  readonly title: string | null;
  readonly description: string | null;
  /** Absolute. */
  readonly imageUrl: string | null;
}

const titleCharactersMax = 300;
const descriptionCharactersMax = 600;
const collectedCharactersMax = 2_000;
const addressCharactersMax = 2_000;

const titles = ['og:title', 'twitter:title'];
const descriptions = ['og:description', 'twitter:description', 'description'];
const images = ['og:image:secure_url', 'og:image', 'og:image:url', 'twitter:image', 'twitter:image:src'];
const wanted = new Set([...titles, ...descriptions, ...images]);

/** Open Graph, Twitter's names and plain HTML, read as the text comes in; nothing of the page is kept but these. */
export function createPageParser(pageUrl: string): {
  write(text: string): void;
  /** The head is over, and has said what is needed. */
  isOver(): boolean;
  facts(): PageFacts;
} {
  const found = new Map<string, string>();
  let title = '';
  let isInTitle = false;
  let hasTitle = false;
  let isInHead = true;
  const parser = new Parser({
    onopentag(name, attributes) {
      if (name === 'body') isInHead = false;
      if (name === 'title' && !hasTitle) isInTitle = true;
      if (name === 'meta') note(attributes);
    },
    ontext(text) {
      if (isInTitle && title.length < collectedCharactersMax) title += text;
    },
    onclosetag(name) {
      if (name === 'head') isInHead = false;
      if (name !== 'title' || !isInTitle) return;
      isInTitle = false;
      hasTitle = true;
    },
  });

  /** Where a name comes twice, the first one counts. */
  function note({ property, name, content }: Readonly<Record<string, string>>): void {
    const key = (property ?? name ?? '').trim().toLowerCase();
    if (wanted.has(key) && content !== undefined && content.trim() !== '' && !found.has(key))
      found.set(key, content.slice(0, collectedCharactersMax));
  }

  const first = (names: readonly string[]) => names.flatMap((name) => found.get(name) ?? [])[0];

  return {
    write: (text) => parser.write(text),
    isOver: () => !isInHead && (hasTitle || first(titles) !== undefined),
    facts: () => ({
      title: shownText(first(titles) ?? title, titleCharactersMax),
      description: shownText(first(descriptions) ?? '', descriptionCharactersMax),
      imageUrl: addressOf(first(images), pageUrl),
    }),
  };
}

/** Makes one line of text that can be stored and shown; null where nothing is left. */
function shownText(text: string, charactersMax: number): string | null {
  const line = text
    .toWellFormed()
    .replaceAll(/[\p{Cc}\u2028\u2029\u202A-\u202E\u2066-\u2069]+/gu, ' ')
    .replaceAll(/\s+/gu, ' ')
    .trim();
  if (line === '') return null;
  const characters = Array.from(line);
  return characters.length <= charactersMax ? line : `${characters.slice(0, charactersMax - 1).join('')}…`;
}

function addressOf(image: string | undefined, pageUrl: string): string | null {
  const given = image?.trim() ?? '';
  if (given === '' || !URL.canParse(given, pageUrl)) return null;
  const { protocol, href } = new URL(given, pageUrl);
  return /^https?:$/u.test(protocol) && href.length <= addressCharactersMax ? href : null;
}
