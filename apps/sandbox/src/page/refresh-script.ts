/**
 * Runs in the browser: fetches the same page every few seconds and changes only what differs. Elements with a
 * `data-key` keep their identity, so the browser's scroll anchoring keeps the reader's place.
 */
export const refreshScript = `
'use strict';
const intervalMs = 3000;
const keyOf = (element) => element.getAttribute('data-key');

function morph(list, fresh) {
  const known = new Map([...list.children].map((child) => [keyOf(child), child]));
  let place = list.firstElementChild;
  for (const next of [...fresh.children]) {
    const old = known.get(keyOf(next));
    known.delete(keyOf(next));
    if (old === undefined) { list.insertBefore(next, place); continue; }
    if (old.innerHTML !== next.innerHTML) old.innerHTML = next.innerHTML;
    if (old === place) place = place.nextElementSibling;
    else list.insertBefore(old, place);
  }
  for (const gone of known.values()) gone.remove();
}

async function refresh() {
  if (document.hidden) return;
  const response = await fetch(location.href, { cache: 'no-store' });
  if (!response.ok) return;
  const fresh = new DOMParser().parseFromString(await response.text(), 'text/html');
  for (const list of document.querySelectorAll('[data-live]')) {
    const next = fresh.querySelector('[data-live="' + list.getAttribute('data-live') + '"]');
    if (next !== null) morph(list, next);
  }
}

setInterval(() => { refresh().catch((error) => console.warn('The page could not refresh itself', error)); }, intervalMs);
`;
