/** Returns a URL of the gateway at the origin of the page. The gateway serves the studio, so each of its origins has its files. */
export function atOwnOrigin(url: string): string {
  return new URL(new URL(url).pathname, location.origin).href;
}
