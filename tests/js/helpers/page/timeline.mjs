// What the laboratory's timeline, `<mcp-tether-devtools>`, shows: its items as a screen reader gets them, and the captions on its canvas.

/** All items, from the first to the last: { text, layer, tone }. It walks through them by keyboard. */
export function timelineItems(page) {
  return page.evaluate(() => {
    const { shadowRoot } = document.querySelector('#timeline');
    const [canvas, option] = [shadowRoot.querySelector('.scroll canvas'), shadowRoot.querySelector('#item')];
    const press = (key) => canvas.dispatchEvent(new KeyboardEvent('keydown', { key }));
    const items = [];
    for (press('Home'); items.length < Number(option.ariaSetSize); press('ArrowRight'))
      items.push({ text: option.textContent, layer: option.dataset.layer, tone: option.dataset.tone });
    return items;
  });
}

/** Selects the last item of a kind, by keyboard. */
export function selectLast(page, layer) {
  return page.evaluate((wanted) => {
    const { shadowRoot } = document.querySelector('#timeline');
    const [canvas, option] = [shadowRoot.querySelector('.scroll canvas'), shadowRoot.querySelector('#item')];
    const press = (key) => canvas.dispatchEvent(new KeyboardEvent('keydown', { key }));
    for (press('End'); option.dataset.layer !== wanted && option.ariaPosInSet !== '1'; ) press('ArrowLeft');
  }, layer);
}

/** Records what is written on the canvas from now on. */
export function watchCaptions(page) {
  return page.evaluate(() => {
    const canvas = document.querySelector('#timeline').shadowRoot.querySelector('.scroll canvas');
    const { fillText, clearRect } = CanvasRenderingContext2D.prototype;
    globalThis.captions = [];
    Object.assign(CanvasRenderingContext2D.prototype, {
      clearRect(...area) {
        if (this.canvas === canvas) globalThis.captions = [];
        clearRect.apply(this, area);
      },
      fillText(text, x, y) {
        if (this.canvas === canvas)
          globalThis.captions.push({ text, y, left: x, right: x + this.measureText(text).width });
        fillText.call(this, text, x, y);
      },
    });
  });
}

/** The captions of the latest drawing: { text, y, left, right }. */
export async function captionsOf(page) {
  await page.evaluate(
    () =>
      new Promise((resolve) => {
        // One drawing more: a change of the width draws all of it.
        const timeline = document.querySelector('#timeline');
        timeline.note('', 0);
        requestAnimationFrame(() => requestAnimationFrame(resolve));
      }),
  );
  return page.evaluate(() => globalThis.captions);
}
