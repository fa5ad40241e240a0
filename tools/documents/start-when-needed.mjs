// Runs in every page of the documents (relocate.mjs puts its text there): the page is complete HTML, and its program starts when something needs it.

/**
 * Starts the program at once in a wide window, which has an outline to fill, and otherwise when a mouse, the focus or a press asks for it: a phone on
 * which somebody only reads has nothing to do. What was pressed before the program ran is pressed again when it runs.
 * @param {string} program its address
 * @param {string[]} chunks the addresses of what it imports
 */
export function startWhenNeeded(program, chunks) {
  /** @type {(() => void)[]} */
  const missed = [];
  let isStarted = false;
  const isRunning = () =>
    Boolean(/** @type {{ __vue_app__?: object } | null} */ (document.querySelector('#app'))?.__vue_app__);

  /** @param {string} rel */
  const fetchAll = (rel) => {
    for (const href of [program, ...chunks])
      document.head.append(Object.assign(document.createElement('link'), { rel, href, as: 'script' }));
  };
  const giveBack = () => {
    if (!isRunning()) return requestAnimationFrame(giveBack);
    for (const press of missed.splice(0)) press();
    return undefined;
  };
  const start = () => {
    if (isStarted) return;
    isStarted = true;
    fetchAll('modulepreload');
    import(program).then(giveBack);
  };
  /** @param {Event} event @param {() => void} press */
  const later = (event, press) => {
    event.preventDefault();
    missed.push(press);
    start();
  };

  const onClick = (/** @type {MouseEvent} */ event) => {
    const button = event.target instanceof Element && event.target.closest('button');
    if (button && !isRunning()) later(event, () => button.click());
  };
  const onKey = (/** @type {KeyboardEvent} */ event) => {
    const isShortcut = event.key === '/' || (event.key === 'k' && (event.ctrlKey || event.metaKey));
    const isTyping = event.target instanceof Element && event.target.closest('input, select, textarea');
    if (isShortcut && !isTyping && !isRunning()) later(event, () => dispatchEvent(new KeyboardEvent('keydown', event)));
  };
  addEventListener('click', onClick, true);
  addEventListener('keydown', onKey, true);
  addEventListener('focusin', start);
  addEventListener('pointerover', ({ pointerType }) => pointerType === 'mouse' && start());
  addEventListener('load', () => setTimeout(() => isStarted || fetchAll('prefetch'), 3_000));
  if (innerWidth >= 1280 || location.hash) start();
}
