import { expect, test } from 'vitest';
import { createPageParser } from './parse-page.ts';

function factsOf(html: string, url = 'https://example.com/a/b') {
  const parser = createPageParser(url);
  // As it comes over the network: in pieces that end anywhere.
  for (let at = 0; at < html.length; at += 7) parser.write(html.slice(at, at + 7));
  return parser.facts();
}

test('Open Graph comes before Twitter, and both before plain HTML; the first of a name counts', () => {
  const plain = '<title>Plain</title><meta name="description" content="plain">';
  const twitter =
    '<meta name="twitter:title" content="Twitter"><meta name="twitter:image" content="//cdn.example/t.png">';
  const graph = '<meta property="og:title" content="Graph"><meta property="og:title" content="Second">';
  expect(factsOf(plain)).toEqual({ title: 'Plain', description: 'plain', imageUrl: null });
  expect(factsOf(plain + twitter)).toMatchObject({ title: 'Twitter', imageUrl: 'https://cdn.example/t.png' });
  expect(factsOf(plain + twitter + graph)).toMatchObject({ title: 'Graph', description: 'plain' });
});

test('what cannot be stored or shown is left out, and texts are cut', () => {
  const { title, description } = factsOf(
    `<title>a&#0;b\u202E\n c</title><meta name="description" content="${'long '.repeat(500)}">`,
  );
  expect(title).toMatch(/^a.b c$/u);
  expect(Array.from(description ?? '')).toHaveLength(600);
  expect(factsOf('<title> </title>')).toEqual({ title: null, description: null, imageUrl: null });
});

test.each(['javascript:alert(1)', 'data:image/png;base64,AA', 'http://', 'file:///etc/passwd'])(
  'a picture at %s is none',
  (image) => {
    expect(factsOf(`<meta property="og:image" content="${image}">`).imageUrl).toBeNull();
  },
);

test('it is over where the body begins, once it has a title', () => {
  const parser = createPageParser('https://example.com');
  parser.write('<body><svg><title>A drawing');
  expect(parser.isOver()).toBe(false);
  parser.write('</title></svg>');
  expect(parser.isOver()).toBe(true);
});

test('its time grows with the text, whatever the markup', () => {
  for (const piece of ['<', '<meta ', '<meta content="', '&amp', '<title>', '<!--', '</', '<a b=\'c" ']) {
    const parser = createPageParser('https://example.com');
    for (let written = 0; written < 512 * 1024; written += 4_096)
      parser.write(piece.repeat(Math.ceil(4_096 / piece.length)));
    expect(parser.facts().imageUrl).toBeNull();
  }
});
