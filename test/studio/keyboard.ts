import type { Page } from 'playwright-core';

/** What has the focus, as somebody without a mouse meets it. */
export interface Stop {
  /** Its role and its name, as in `button Sign in`; `nothing` where there is none. */
  readonly name: string;
  /** What one would miss: that the focus cannot be seen, or is out of sight. */
  readonly fault: string | null;
}

/** Tab stops of a video's own controls: they are Chromium's, and share one element. */
const STOPS_MAX = 60;

/** What has the focus. */
export async function focused(page: Page): Promise<Stop> {
  const handle = await page.evaluateHandle(() => document.activeElement ?? document.body);
  const element = handle.asElement();
  if (element === null) return { name: 'nothing', fault: null };
  const fault = await element.evaluate(async (active: Element) => {
    // What comes into sight with the focus is drawn then.
    for (let frame = 0; frame < 2; frame += 1) await new Promise(requestAnimationFrame);
    if (active === document.body) return null;
    // What is invisible itself is shown by what it lies over; a heading that is led to is read, and not used; a video's
    // controls are the browser's own.
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
  // A name that is said, or the text that is there in its place.
  const [, role = 'nothing', said, text = ''] = /^- (\w+)(?: "([^"]*)")?(?:: (.+))?/.exec(line) ?? [];
  return { name: `${role} ${said ?? (role === 'text' ? text : '')}`.trim(), fault };
}

/** Goes on by Tab until something of this name has the focus. Gives all that was met, each once, and what was wrong with it. */
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
