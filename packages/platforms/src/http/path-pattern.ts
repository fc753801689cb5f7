/** A word of an API: letters, perhaps one digit at its end; a version. */
const word = /^(v?\d{1,2}(\.\d{1,2})?|[A-Za-z][A-Za-z._-]{0,59}\d?)$/;

/** The path with `:id` in the place of what is no word of the API: ids, handles with a domain, tokens. */
export function pathPattern(path: string): string {
  return path
    .split('/')
    .map((segment) => (segment === '' || word.test(segment) ? segment : ':id'))
    .join('/');
}
