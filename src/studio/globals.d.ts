/** Whether this is the build that `npm start` serves. Set by vite.config.ts. */
declare const DEVELOPMENT: boolean;
