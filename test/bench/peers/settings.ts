/** What the bench tells a Node server by its environment. */
export const PORT = Number(process.env['PORT']);
export const KLING_BASE_URL = process.env['KLING_BASE_URL'] ?? '';
export const KLING_API_KEY = process.env['KLING_API_KEY'] ?? '';
/** A file that was made once, before the server was started for the first time. */
export const PREPARED = process.env['PREPARED'] ?? '';
