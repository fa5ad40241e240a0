// What of a row goes into a page, and what is expected of one.

/** The row as a page gets it: its expectations stay here. */
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

/** Chromium may put one fetch() of a DELETE on the wire twice, a millisecond apart, when it aborts another of the same URL at that moment. */
export function forPage(row) {
  const goodbyes = row.counts['http.DELETE'];
  return goodbyes > 0
    ? { ...row, counts: { ...row.counts, 'http.DELETE': { least: goodbyes, most: 2 * goodbyes } } }
    : row;
}
