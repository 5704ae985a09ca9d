import type { Page } from 'playwright-core';

/** The focused element, as a keyboard user meets it. */
export interface Stop {
  /** Its role and name, such as `button Sign in`. `nothing` without a focus. */
  readonly name: string;
  /** Why the focus is not visible. Empty if it is. */
  readonly fault: string | null;
}

/** The tab stops in Chromium's controls of a video. They share one element. */
const STOPS_MAX = 60;

/** Reads the focused element. */
export async function focused(page: Page): Promise<Stop> {
  const handle = await page.evaluateHandle(() => document.activeElement ?? document.body);
  const element = handle.asElement();
  if (element === null) return { name: 'nothing', fault: null };
  const fault = await element.evaluate(async (active: Element) => {
    // Waits for the drawing of an element that appears with the focus.
    for (let frame = 0; frame < 2; frame += 1) await new Promise(requestAnimationFrame);
    if (active === document.body) return null;
    // An invisible element is shown by the element below it. A focused heading is read, not used. A video's
    // controls belong to the browser.
    const holder = active.closest('.face-row, .grip, .audio-block, .file-drop');
    const isUsed = !active.matches('h1, h2, main, video');
    const isDrawn = [active, holder].some((candidate) => {
      const style = candidate && getComputedStyle(candidate);
      return (
        style && style.outlineStyle !== 'none' && Number.parseFloat(style.outlineWidth) > 0 && style.opacity !== '0'
      );
    });
    if (isUsed && !isDrawn) return `the focus cannot be seen: ${active.outerHTML.slice(0, 120)}`;
    const { left, top, right, bottom } = (holder ?? active).getBoundingClientRect();
    const isInView = right > 0 && bottom > 0 && left < innerWidth && top < innerHeight;
    return isInView ? null : `it is out of sight: ${active.outerHTML.slice(0, 120)}`;
  });
  const [line = ''] =
    (await page.locator(':focus').count()) === 0
      ? []
      : (await page.locator(':focus').first().ariaSnapshot()).split('\n');
  // The accessible name, or the text instead.
  const [, role = 'nothing', said, text = ''] = /^- (\w+)(?: "([^"]*)")?(?:: (.+))?/.exec(line) ?? [];
  return { name: `${role} ${said ?? (role === 'text' ? text : '')}`.trim(), fault };
}

/** Presses Tab until an element with this name has the focus. Returns all stops, each once, and their problems. */
export async function tabTo(
  page: Page,
  name: RegExp | string,
  key: 'Tab' | 'Shift+Tab' = 'Tab',
): Promise<{ readonly met: readonly string[]; readonly faults: readonly string[] }> {
  const met: string[] = [];
  const faults: string[] = [];
  for (let count = 0; count < STOPS_MAX; count += 1) {
    await page.keyboard.press(key);
    const stop = await focused(page);
    if (met.at(-1) !== stop.name) met.push(stop.name);
    if (stop.fault !== null) faults.push(stop.fault);
    if (typeof name === 'string' ? stop.name === name : name.test(stop.name)) return { met, faults };
  }
  throw new Error(`${String(name)} cannot be reached; met were ${met.join(', ')}`);
}
