import { fileFindings } from './check-media-size.ts';
import type { MediaFacts } from './media-facts.ts';
import { error, type MediaFinding } from './media-finding.ts';
import type { MediaRules } from './media-rules.ts';

/** Documents are not converted: everything that a platform refuses about one is told at once. */
export function documentFindings(
  platform: string,
  { document }: MediaRules,
  media: MediaFacts,
  field: string,
): MediaFinding[] {
  if (document === null || document === undefined)
    return [
      error(
        'document_not_supported',
        `${platform} takes no documents; export its pages as JPEG or PNG pictures`,
        field,
      ),
    ];
  const findings = fileFindings(platform, document, media, field);
  const { pages = 0 } = media;
  if (pages > document.pagesMax)
    findings.push(
      error(
        'document_too_long',
        `${platform} takes documents of ${document.pagesMax} pages at most, not ${pages}`,
        field,
      ),
    );
  return findings;
}
