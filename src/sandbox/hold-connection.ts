/** How soon a client that has gone is noticed: a Worker sees it only when it writes. */
const blankMs = 50;
const blank = new TextEncoder().encode(' ');

/**
 * Answers nothing but blanks for `forMs`, then breaks the connection. `ended` resolves once the connection has ended,
 * whichever side ended it.
 */
export function holdConnection(forMs: number): { response: Response; ended: Promise<void> } {
  const { readable, writable } = new IdentityTransformStream();
  const ended = writeBlanks(writable.getWriter(), Date.now() + forMs);
  return {
    response: new Response(readable, { headers: { 'content-type': 'application/json; charset=utf-8' } }),
    ended,
  };
}

async function writeBlanks(writer: WritableStreamDefaultWriter<Uint8Array>, untilMs: number): Promise<void> {
  try {
    while (Date.now() < untilMs) {
      await writer.write(blank);
      await scheduler.wait(blankMs);
    }
    await writer.abort(new Error('the sandbox breaks this connection'));
  } catch {
    // The client has gone.
  }
}
