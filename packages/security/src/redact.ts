const censor = 'redacted';

/** Query parameters that carry a secret, without regard to case, `_` and `-`. */
const sensitiveParameters = new Set([
  'accesskey',
  'apikey',
  'apppassword',
  'appsecretproof',
  'assertion',
  'auth',
  'authorization',
  'clientassertion',
  'code',
  'codeverifier',
  'inputtoken',
  'jwt',
  'key',
  'otp',
  'pass',
  'password',
  'passwd',
  'policy',
  'pwd',
  'session',
  'sig',
  'state',
  'ticket',
]);
/** And every parameter with one of these in its name. */
const sensitiveParts = /token|secret|signature|credential|password/;

/** Some addresses are themselves the secret: whoever has the last part of a Discord webhook's may post. */
const webhookPath = /(\/webhooks\/[^/]+\/)[^/]+/g;

/**
 * The address without what must not be shown or logged: user and password, the values of sensitive query parameters, the fragment,
 * the secret part of a webhook's path. A path alone (`/ws?ticket=...`) is understood too; what cannot be parsed is not shown at all.
 */
export function redactUrl(url: string): string {
  const isPath = url.startsWith('/') && !url.startsWith('//');
  const parsed = URL.parse(url, isPath ? 'http://path.invalid' : undefined);
  if (parsed === null) return `[${censor}]`;
  if (parsed.username !== '') parsed.username = censor;
  if (parsed.password !== '') parsed.password = censor;
  if (parsed.hash !== '') parsed.hash = censor;
  for (const name of new Set(parsed.searchParams.keys())) {
    if (isSensitiveParameter(name)) parsed.searchParams.set(name, censor);
  }
  parsed.pathname = parsed.pathname.replaceAll(webhookPath, `$1${censor}`);
  return isPath ? parsed.href.slice(parsed.origin.length) : parsed.href;
}

function isSensitiveParameter(name: string): boolean {
  const plainName = name.toLowerCase().replaceAll(/[-_]/g, '');
  return sensitiveParameters.has(plainName) || sensitiveParts.test(plainName);
}
