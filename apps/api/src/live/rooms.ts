/** Rooms of an organization's sockets, under their inner names. A socket is in the organization's own from the start. */
export const organizationRoom = 'organization';

/** Those who are told who is there. */
export const presenceRoom = 'presence';

export function postRoom(postId: string): string {
  return `post:${postId}`;
}

/** Numbers of one post, or all of the organization's. */
export function analyticsRoom(postId: string | null): string {
  return postId === null ? 'analytics' : `analytics:${postId}`;
}

/** The post that a room is about, null for one about none. */
export function postOfRoom(room: string): string | null {
  return /^(?:post|analytics):(.+)$/s.exec(room)?.[1] ?? null;
}

/** The post in the name that a client gives to a room, null where it names none. */
export function namedPost(room: string): string | null {
  return /^post:(.+)$/s.exec(room)?.[1] ?? null;
}
