/** A file that is there more than once: to esbuild, Vite and Node each query makes a module of its own. */
declare module '*&copy' {
  // oxlint-disable-next-line typescript/consistent-type-imports -- such a declaration may import nothing else of its folder
  export const setFields: import('./set-fields.ts').SetFields;
}
