/** Whether this is the build that `npm start` serves. Set by vite.config.ts. */
declare const DEVELOPMENT: boolean;
/** The origin of the sandbox. Null in a deployed studio. Set by vite.config.ts. */
declare const SANDBOX_URL: string | null;

/** A script of its own, such as an audio worklet. Its URL. */
declare module '*?worker&url' {
  const url: string;
  export default url;
}
