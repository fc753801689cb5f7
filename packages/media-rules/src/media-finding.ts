/** `code` is stable; `field` is relative to the variant: `mediaIds`, or `mediaIds.<index>` for one of them. */
export interface MediaFinding {
  readonly severity: 'error' | 'warning';
  readonly code: string;
  readonly message: string;
  readonly field: string;
}

export function error(code: string, message: string, field: string): MediaFinding {
  return { severity: 'error', code, message, field };
}

export function warning(code: string, message: string, field: string): MediaFinding {
  return { severity: 'warning', code, message, field };
}
