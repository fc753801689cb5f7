import type { Client } from './client.ts';

/** Every message that the client's socket is sent from now on. */
export async function listen(api: string, client: Client): Promise<{ messages: string[]; close(): void }> {
  const { ticket } = await client.post<{ ticket: string }>('/auth/ws-ticket');
  const socket = new WebSocket(`${api.replace('http', 'ws')}/ws?ticket=${ticket}`);
  const messages: string[] = [];
  socket.onmessage = ({ data }) => void messages.push(String(data));
  await new Promise((resolve, reject) => {
    socket.onopen = resolve;
    socket.onerror = () => reject(new Error('the socket did not open'));
  });
  return { messages, close: () => socket.close() };
}
