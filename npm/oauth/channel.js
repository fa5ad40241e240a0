// @ts-check
// What tabs tell each other: that a user has logged in to a server. No token is in it; each tab reads the storage.

/** The name of what is stored of a user at a server. @param {string} userId @param {string} url */
export const placeOf = (userId, url) => JSON.stringify(['oauth', userId, url]);

/** Elsewhere than in a page there are no other tabs, and an open channel keeps Node running. @param {string} place */
export const channelOf = (place) => globalThis.document && new BroadcastChannel(place);
