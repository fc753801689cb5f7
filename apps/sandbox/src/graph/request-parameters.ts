import type { FastifyRequest } from 'fastify';
import { MultipartForm } from '../uploads/multipart-form.ts';

/**
 * What a request says, wherever it says it: query, form, form with files or JSON. Values are text, as the Graph API takes them;
 * what is unknown is ignored there, so it is here.
 */
export function parametersOf(request: FastifyRequest): Readonly<Record<string, string>> {
  return { ...textsOf(request.query), ...textsOf(fieldsOf(request.body)) };
}

export function fileIn(request: FastifyRequest, name: string) {
  return request.body instanceof MultipartForm ? request.body.file(name) : undefined;
}

/** `Authorization: Bearer` or `OAuth`, else the parameter `access_token`. */
export function tokenOf(request: FastifyRequest): string | undefined {
  const header = /^(?:Bearer|OAuth) (\S+)$/iu.exec(request.headers.authorization ?? '')?.[1];
  return header ?? parametersOf(request)['access_token'];
}

/** A list in any of its forms: `["a","b"]`, `a,b`, or `name[0]=a&name[1]=b`. */
export function listIn(parameters: Readonly<Record<string, string>>, name: string): unknown[] {
  const numbered = Object.entries(parameters)
    .filter(([key]) => key.startsWith(`${name}[`))
    .map(([, value]) => jsonOr(value));
  const whole = parameters[name];
  if (whole === undefined || whole === '') return numbered;
  const parsed = jsonOr(whole);
  return Array.isArray(parsed) ? parsed : whole.split(',').map((each) => each.trim());
}

export function flagIn(parameters: Readonly<Record<string, string>>, name: string, absent: boolean): boolean {
  const given = parameters[name]?.toLowerCase();
  return given === undefined ? absent : given === 'true' || given === '1';
}

function fieldsOf(body: unknown): unknown {
  return body instanceof MultipartForm ? body.fields : body;
}

function textsOf(values: unknown): Record<string, string> {
  if (typeof values !== 'object' || values === null || Array.isArray(values)) return {};
  return Object.fromEntries(
    Object.entries(values).flatMap(([name, value]: [string, unknown]): [string, string][] => {
      if (value === undefined || value === null) return [];
      if (typeof value === 'string') return [[name, value]];
      return [[name, typeof value === 'object' ? JSON.stringify(value) : String(value as number | boolean)]];
    }),
  );
}

function jsonOr(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
