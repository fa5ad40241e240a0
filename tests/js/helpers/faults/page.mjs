// The part of a row that goes into a page, and the expectations for a page.

/** The row as sent to a page: its expectations stay here. */
export function plain(
  {
    outcomes: _outcomes,
    counts: _counts,
    browser: _browser,
    firefox: _firefox,
    challenged: _challenged,
    elsewhere,
    ...row
  },
  origin,
) {
  return JSON.parse(JSON.stringify({ ...row, url: elsewhere ? `${origin}${elsewhere}` : row.url }));
}

/**
 * Chromium may send a DELETE of one fetch() twice, a millisecond apart, if it aborts another request of the same URL at
 * that moment.
 */
export function forPage(row) {
  const goodbyes = row.counts['http.DELETE'];
  return goodbyes > 0
    ? { ...row, counts: { ...row.counts, 'http.DELETE': { least: goodbyes, most: 2 * goodbyes } } }
    : row;
}
