import type { Credentials } from './credentials.ts';
import { problemOf } from './problem-error.ts';

/** Sends requests in somebody's name, and once more where the token had expired: what was refused with 401 has done nothing. */
export function authorizedFetch(
  credentials: Credentials,
  send: (request: Request) => Promise<Response>,
): (request: Request) => Promise<Response> {
  return async (request) => {
    const token = credentials.token();
    if (token === null) return send(request);
    const again = request.clone();
    const response = await send(withToken(request, token));
    if (response.status !== 401) {
      void again.body?.cancel();
      return response;
    }
    const { code } = await problemOf(response.clone());
    const renewed = code === 'unauthenticated' ? await credentials.renew(token) : null;
    return renewed === null ? response : send(withToken(again, renewed));
  };
}

function withToken(request: Request, token: string): Request {
  request.headers.set('authorization', `Bearer ${token}`);
  return request;
}
