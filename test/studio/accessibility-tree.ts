import type { Page } from 'playwright-core';

interface AxNode {
  readonly ignored: boolean;
  readonly role?: { readonly value?: string };
  readonly name?: { readonly value?: string };
  readonly description?: { readonly value?: string };
  readonly properties?: readonly { readonly name: string; readonly value: { readonly value?: unknown } }[];
}

/** A node of the accessibility tree. */
export interface Told {
  readonly role: string;
  readonly name: string;
  readonly description: string;
  /** The level of a heading. */
  readonly level: number | null;
}

/** Reads the browser's accessibility tree, in reading order. */
export async function readTree(page: Page): Promise<readonly Told[]> {
  const session = await page.context().newCDPSession(page);
  const { nodes } = (await session.send('Accessibility.getFullAXTree')) as { nodes: readonly AxNode[] };
  await session.detach();
  return nodes
    .filter(({ ignored }) => !ignored)
    .map(({ role, name, description, properties }) => ({
      role: role?.value ?? '',
      name: (name?.value ?? '').trim(),
      description: (description?.value ?? '').trim(),
      level: Number(properties?.find((property) => property.name === 'level')?.value.value ?? 0) || null,
    }));
}

const CONTROLS: ReadonlySet<string> = new Set([
  'alertdialog',
  'button',
  'checkbox',
  'combobox',
  'dialog',
  'link',
  'navigation',
  'radio',
  'radiogroup',
  'region',
  'slider',
  'spinbutton',
  'textbox',
  'Video',
]);

/** Finds what is missing for a user of a screen reader. */
export function faultsOf(tree: readonly Told[]): readonly string[] {
  const having = (role: string) => tree.filter((told) => told.role === role);
  const once = ['main', 'banner', 'navigation']
    .map((role) => [role, having(role).length] as const)
    .filter(([, count]) => count !== 1)
    .map(([role, count]) => `${role} is there ${count} times`);
  const headings = having('heading');
  const tops = headings.filter(({ level }) => level === 1).length;
  const skips = headings
    .filter(({ level }, index) => (level ?? 1) > (headings[index - 1]?.level ?? 0) + 1)
    .map(({ name }) => `the heading “${name}” skips a level`);
  const nameless = tree
    .filter(({ role, name }) => CONTROLS.has(role) && name === '')
    .map(({ role }) => `a ${role} has no name`);
  return [...once, ...(tops === 1 ? [] : [`${tops} headings are the first`]), ...skips, ...nameless];
}

/** Records every text that live regions announce from now on. */
export async function listen(page: Page): Promise<() => Promise<readonly string[]>> {
  await page.evaluate(() => {
    const said: string[] = [];
    Object.assign(window, { said });
    new MutationObserver((changes) => {
      for (const { target, addedNodes } of changes) {
        const region = (target instanceof Element ? target : target.parentElement)?.closest(
          '[role=status], [role=log]',
        );
        const alerts = [...addedNodes].flatMap((node) =>
          node instanceof Element
            ? [...node.querySelectorAll('[role=alert]'), ...(node.matches('[role=alert]') ? [node] : [])]
            : [],
        );
        for (const element of region ? [region] : alerts) {
          const text = element.textContent?.trim();
          if (text && said.at(-1) !== text) said.push(text);
        }
      }
    }).observe(document.body, { subtree: true, childList: true, characterData: true });
  });
  return () => page.evaluate(() => (window as unknown as { said: string[] }).said);
}
