/** The settings that the bench passes to a Node server in its environment. */
export const PORT = Number(process.env['PORT']);
export const KLING_BASE_URL = process.env['KLING_BASE_URL'] ?? '';
export const KLING_API_KEY = process.env['KLING_API_KEY'] ?? '';
/** A file that was created once, before the first start of the server. */
export const PREPARED = process.env['PREPARED'] ?? '';
