/** True in the build that `npm start` serves; false in what is deployed. Set by vite.config.ts. */
declare const DEVELOPMENT: boolean;
