import type { FastifyReply } from 'fastify';

/** A whole HTTP answer in a platform's own form. A string body is sent as it is, anything else as JSON. */
export type Answer = {
  status: number;
  body: unknown;
  contentType?: string;
  headers?: Readonly<Record<string, string>>;
};

/** Thrown by a route to end the request with an answer of the platform. */
export class RefusalError extends Error {
  readonly answer: Answer;

  constructor(answer: Answer) {
    super(`refused with status ${answer.status}`);
    this.name = 'RefusalError';
    this.answer = answer;
  }
}

export function sendAnswer(reply: FastifyReply, answer: Answer): FastifyReply {
  reply.code(answer.status).headers(answer.headers ?? {});
  reply.header('content-type', answer.contentType ?? 'application/json; charset=utf-8');
  return reply.send(answerText(answer));
}

export function answerText(answer: Answer): string {
  return typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body);
}
