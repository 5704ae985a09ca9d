/** JSON with Kling's ids of 18 digits either quoted or, as some clients met them, as bare numbers that `JSON.parse` corrupts. */
export function writeJson(value: unknown, numberIds: boolean): string {
  const text = JSON.stringify(value);
  return numberIds ? text.replaceAll(/"(\w*id)":"(\d{18})"/g, '"$1":$2') : text;
}
