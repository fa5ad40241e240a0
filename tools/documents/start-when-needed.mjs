// Runs in every page of the documents (relocate.mjs puts it there): the page is complete HTML, and its program starts when something needs it.

/** @type {(() => void)[]} What was pressed before the program ran. */
const missed = [];
let isStarted = false;
/** @type {{ button: Element, text: string | null } | undefined} */
let renamed;

/**
 * Starts the program at once in a wide window, which has an outline to fill, and otherwise when a mouse, the focus or a press asks for it: reading on a
 * phone needs no program. What was pressed before the program ran is pressed again when it runs.
 * @param {string} program its address
 * @param {string[]} chunks the addresses of what it imports
 */
export function startWhenNeeded(program, chunks) {
  const files = [program, ...chunks];
  const start = () => {
    if (isStarted) return;
    isStarted = true;
    // The program expects the page as it was.
    if (renamed) renamed.button.textContent = renamed.text;
    fetchAll('modulepreload', files);
    import(program).then(pressAgain, () => {
      isStarted = false;
    });
  };
  addEventListener('click', (event) => onClick(event, start), true);
  addEventListener('keydown', (event) => onKey(event, start), true);
  addEventListener('focusin', start);
  addEventListener('pointerover', ({ pointerType }) => pointerType === 'mouse' && start());
  addEventListener('DOMContentLoaded', renameOutline);
  addEventListener('load', () => setTimeout(() => isStarted || fetchAll('prefetch', files), 3_000));
  if (innerWidth >= 1280 || location.hash) start();
}

function isRunning() {
  return Boolean(/** @type {{ __vue_app__?: object } | null} */ (document.querySelector('#app'))?.__vue_app__);
}

/** @param {string} rel @param {string[]} files */
function fetchAll(rel, files) {
  for (const href of files)
    document.head.append(Object.assign(document.createElement('link'), { rel, href, as: 'script' }));
}

function pressAgain() {
  if (!isRunning()) return requestAnimationFrame(pressAgain);
  // After the frame in which the program fills the outline.
  return requestAnimationFrame(() => {
    for (const press of missed.splice(0)) press();
  });
}

/** @param {MouseEvent} event @param {() => void} start */
function onClick(event, start) {
  const button = event.target instanceof Element && event.target.closest('button');
  if (!button || isRunning()) return;
  const place = button.parentElement;
  event.preventDefault();
  // The program may put another button in its place.
  missed.push(() => (button.isConnected ? button : place?.querySelector('button'))?.click());
  start();
}

/** The keys that open the search. @param {KeyboardEvent} event @param {() => void} start */
function onKey(event, start) {
  const isShortcut = event.key === '/' || (event.key === 'k' && (event.ctrlKey || event.metaKey));
  const isTyping = event.target instanceof Element && event.target.closest('input, select, textarea');
  if (!isShortcut || isTyping || isRunning()) return;
  event.preventDefault();
  missed.push(() => dispatchEvent(new KeyboardEvent('keydown', event)));
  start();
}

/** Until its program runs, a page has the outline in no menu, and the menu's button says "Return to top". */
function renameOutline() {
  const button = document.querySelector('.VPLocalNavOutlineDropdown > button');
  if (!button || isStarted || !document.querySelector('.vp-doc h2')) return;
  renamed = { button, text: button.textContent };
  button.textContent = 'On this page';
}
