/** Where a link in running text ends: "see https://a.example." before the full stop, "(https://a.example/x_(y))" after the inner bracket. */
export function withoutTrailingPunctuation(link: string): string {
  let shown = link;
  for (;;) {
    const trimmed = shown.replace(/[.,;:!?'"…]+$/u, '');
    const closesTooMuch = trimmed.endsWith(')') && trimmed.split('(').length < trimmed.split(')').length;
    if (!closesTooMuch) return trimmed;
    shown = trimmed.slice(0, -1);
  }
}
