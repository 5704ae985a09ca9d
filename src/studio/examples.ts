/** The folder of the sandbox's example files. A deployed studio shows no examples, apart from those of the explorer. */
const FOLDER = SANDBOX_URL === null ? 'https://example.com' : `${SANDBOX_URL}/files/examples`;

/** A video with two faces, 10 s long. */
export const EXAMPLE_VIDEO = `${FOLDER}/interview-sandbox-two-faces-10s.mp4`;
/** Speech for a lip-sync, 5 s long. */
export const EXAMPLE_AUDIO = `${FOLDER}/hello-5s.mp3`;
/** The recording of a voice, 12 s long. */
export const EXAMPLE_VOICE = `${FOLDER}/narrator-12s.mp3`;

/** The host of the sandbox, from which `checkFileUrl` allows files. Null in a deployed studio. */
export const LOCAL_HOST = SANDBOX_URL === null ? null : new URL(SANDBOX_URL).hostname;
