/** The policy of our pages: their forms come back here, and nothing runs on them. */
export const pagePolicy =
  "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

/** @param body markup; what came from outside is escaped in it */
export function page(body: string): string {
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>VibeTribe</title>
<style>body{font:16px/1.5 system-ui,sans-serif;max-width:36rem;margin:4rem auto;padding:0 1rem}label{display:block;margin:.5rem 0}button,input{font:inherit;padding:.4rem 1rem}</style>
</head><body>
${body}
</body></html>
`;
}
