// Keys of the timeline: plus and minus zoom, the others move between items.
// @ts-check

/** @import { TimelineItem } from '../types.js' */

/** @type {Record<string, number>} */
export const zoomKeys = { '+': 1, '=': 1, '-': -1 };

/** @type {Record<string, (items: TimelineItem[], item: TimelineItem) => TimelineItem | undefined>} the target of each key */
export const neighbours = {
  ArrowRight: (items, item) => items[items.indexOf(item) + 1],
  ArrowLeft: (items, item) => items[items.indexOf(item) - 1],
  Home: (items) => items[0],
  End: (items) => items.at(-1),
  ArrowDown: (items, item) => besideIn(items, item, item.lane.index + 1),
  ArrowUp: (items, item) => besideIn(items, item, item.lane.index - 1),
};

/**
 * The item of another lane at the start of an item, or the next one.
 * @param {TimelineItem[]} items
 * @param {TimelineItem} item
 * @param {number} lane
 */
function besideIn(items, item, lane) {
  const there = (/** @type {TimelineItem} */ other) => other.lane.index === lane;
  return items.findLast((other) => there(other) && other.start <= item.start) ?? items.find(there);
}
