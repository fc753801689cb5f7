import { createHash, timingSafeEqual } from 'node:crypto';

const unsigned = new Set(['file', 'cloud_name', 'resource_type', 'api_key', 'signature']);

/** Of an upload or destroy call: https://cloudinary.com/documentation/authentication_signatures */
export function isSigned(params: Readonly<Record<string, string>>, apiSecret: string): boolean {
  const text = Object.entries(params)
    .filter(([name, value]) => !unsigned.has(name) && value !== '')
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, value]) => `${name}=${value.replaceAll('&', '%26')}`)
    .join('&');
  return isSame(
    createHash('sha1')
      .update(text + apiSecret)
      .digest('hex'),
    params['signature'] ?? '',
  );
}

/**
 * Of a delivery address: `s--<8 letters>--` over what stands behind it, without the version.
 * https://cloudinary.com/documentation/control_access_to_media#delivery_url_signatures
 */
export function isSignedDelivery(signature: string, path: string, apiSecret: string): boolean {
  const expected = createHash('sha1')
    .update(path + apiSecret)
    .digest('base64url')
    .slice(0, 8);
  return isSame(expected, signature);
}

function isSame(one: string, other: string): boolean {
  return one.length === other.length && timingSafeEqual(Buffer.from(one), Buffer.from(other));
}
