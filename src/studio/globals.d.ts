/** Whether this is the build that `npm start` serves. Set by vite.config.ts. */
declare const DEVELOPMENT: boolean;

/** A script of its own, such as an audio worklet. Its URL. */
declare module '*?worker&url' {
  const url: string;
  export default url;
}
