// The time axis: even, except that stretches in which nothing happens are cut short. A visitor pauses for minutes between requests of milliseconds.
// @ts-check

const longest = 2_000; // milliseconds of rest that stay as they are
const left = 400; // what is left of a longer one

export class IdleAxis {
  /** Where time is cut out, and how much of it in all up to there. @type {{ from: number, to: number, gone: number }[]} */
  cuts = [];

  /** Between two events, nothing was open. @param {number} from @param {number} to */
  rest(from, to) {
    if (!(to - from > longest)) return;
    const gone = (this.cuts.at(-1)?.gone ?? 0) + to - from - left;
    this.cuts.push({ from, to, gone });
  }

  /** The place of a time: a time without the cuts before it. @param {number} time */
  place(time) {
    if (this.cuts.length === 0) return time;
    const cut = this.cuts[this.#after(({ from }) => from < time) - 1];
    if (!cut) return time;
    // In a cut, evenly.
    const share = Math.min(1, (time - cut.from) / (cut.to - cut.from));
    return time - cut.gone + (1 - share) * (cut.to - cut.from - left);
  }

  /** The time at a place. @param {number} place */
  time(place) {
    const cut = this.cuts[this.#after(({ to, gone }) => to - gone - left < place) - 1];
    if (!cut) return place;
    const into = place - (cut.to - cut.gone - left);
    return into < left ? cut.from + (into / left) * (cut.to - cut.from) : place + cut.gone;
  }

  /** The number of cuts for which something is true, which then is for all earlier ones. @param {(cut: IdleAxis['cuts'][0]) => boolean} isTrue */
  #after(isTrue) {
    let low = 0;
    let high = this.cuts.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (isTrue(/** @type {IdleAxis['cuts'][0]} */ (this.cuts[middle]))) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
