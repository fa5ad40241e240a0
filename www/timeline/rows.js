// Gives each request's bar its row. Bars that overlap in time form a cluster, whose rows share the height of the lane.
// @ts-check

/** @import { Lane, TimelineItem } from '../types.js' */
/** @import { TimeAxis } from './time-axis.js' */

/** @typedef {{ items: TimelineItem[], freeFrom: number[], holders: TimelineItem[], open: number, end: number }} Cluster */
/** @typedef {{ row: number, cluster: Cluster, open: boolean }} Place */

const mostRows = 35; // more bars than these at once share rows
const narrowest = 5; // a bar of no duration still takes up so many pixels

export class Rows {
  #axis;
  /** @type {Map<TimelineItem, Place>} */
  #places = new Map(); // item → { row, cluster, open }
  /** @type {Map<Lane, Cluster>} */
  #growing = new Map(); // lane → the cluster that later bars may still join

  /** @param {TimeAxis} axis */
  constructor(axis) {
    this.#axis = axis;
  }

  clear() {
    this.#places.clear();
    this.#growing.clear();
  }

  /**
   * Places a bar that began or ended; returns the bars that have to be drawn again.
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
   * Which of how many rows a bar is in.
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
   * The row of the try that it replaces, else the first that is free where it begins, else a new one.
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
