// Copies a text, and says so on the button.
// @ts-check

/** @param {HTMLButtonElement} button @param {string} text @param {HTMLElement} shown selected if there is no clipboard */
export async function copy(button, text, shown) {
  const before = button.textContent;
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = 'Copied';
  } catch {
    getSelection()?.selectAllChildren(shown);
    button.textContent = 'Selected';
  }
  setTimeout(() => {
    button.textContent = before;
  }, 1500);
}
