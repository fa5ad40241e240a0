// Assigns rows to the bars of requests. Overlapping bars form a cluster, whose rows share the height of the lane.
// @ts-check

/** @import { Lane, TimelineItem } from '../types.js' */
/** @import { TimeAxis } from './time-axis.js' */

/** @typedef {{ items: TimelineItem[], freeFrom: number[], holders: TimelineItem[], open: number, end: number }} Cluster */
/** @typedef {{ row: number, cluster: Cluster, open: boolean }} Place */

const mostRows = 35; // beyond this number, bars share rows
const narrowest = 5; // pixels of a bar without duration

export class Rows {
  #axis;
  /** @type {Map<TimelineItem, Place>} */
  #places = new Map(); // item → { row, cluster, open }
  /** @type {Map<Lane, Cluster>} */
  #growing = new Map(); // lane → the open cluster

  /** @param {TimeAxis} axis */
  constructor(axis) {
    this.#axis = axis;
  }

  clear() {
    this.#places.clear();
    this.#growing.clear();
  }

  /**
   * Places a bar that began or ended; returns the bars to redraw.
   * @param {TimelineItem} item
   */
  place(item) {
    const x0 = this.#axis.x(item.start);
    let place = this.#places.get(item);
    let touched = [item];
    if (!place) {
      const cluster = this.#clusterOf(item.lane, x0);
      const rowsBefore = cluster.freeFrom.length;
      const row = this.#rowFor(item, cluster, x0);
      place = { row, cluster, open: true };
      cluster.freeFrom[row] = Infinity;
      cluster.holders[row] = item;
      cluster.items.push(item);
      cluster.open += 1;
      this.#places.set(item, place);
      // A new row makes every bar of the cluster thinner.
      if (cluster.freeFrom.length !== rowsBefore) touched = cluster.items;
    }
    if (item.end !== undefined && place.open) {
      const { row, cluster } = place;
      const x1 = Math.max(this.#axis.x(item.end), x0 + narrowest) + 2;
      place.open = false;
      cluster.open -= 1;
      if (cluster.holders[row] === item) cluster.freeFrom[row] = x1;
      cluster.end = Math.max(cluster.end, x1);
    }
    return touched;
  }

  /**
   * The row of a bar, and the number of rows.
   * @param {TimelineItem} item
   */
  of(item) {
    const place = this.#places.get(item);
    return place ? { row: place.row, rows: place.cluster.freeFrom.length } : { row: 0, rows: 1 };
  }

  /** @param {Lane} lane @param {number} x0 @returns {Cluster} */
  #clusterOf(lane, x0) {
    let cluster = this.#growing.get(lane);
    if (!cluster || (cluster.open === 0 && x0 > cluster.end)) {
      cluster = { items: [], freeFrom: [], holders: [], open: 0, end: 0 };
      this.#growing.set(lane, cluster);
    }
    return cluster;
  }

  /**
   * The row of the attempt that it replaces, else the first free one, else a new one.
   * @param {TimelineItem} item
   * @param {Cluster} cluster
   * @param {number} x0
   */
  #rowFor(item, cluster, x0) {
    const replaced = item.replaces && this.#places.get(item.replaces);
    if (replaced?.cluster === cluster) return replaced.row;
    const free = cluster.freeFrom.findIndex((from) => from <= x0);
    if (free >= 0) return free;
    return cluster.freeFrom.length < mostRows ? cluster.freeFrom.length : cluster.items.length % mostRows;
  }
}
