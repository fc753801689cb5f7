/** When versions of the Graph API end. https://developers.facebook.com/docs/graph-api/changelog/versions, read 2026-11. */
export const graphVersionEnds: Readonly<Record<string, string>> = {
  'v20.0': '2026-09-24',
  'v21.0': '2027-01-21',
  'v22.0': '2027-05-20',
  'v23.0': '2027-10-08',
  'v24.0': '2028-02-18',
  'v25.0': '2028-07-29',
};
