/**
 * The answer with headers changed by `change`, which is called once more on a copy if they cannot be: those of an answer
 * that was fetched. The opening of a WebSocket goes on as it is.
 */
export function withHeaders(answer: Response, change: (headers: Headers) => void): Response {
  if (answer.webSocket !== null) return answer;
  try {
    change(answer.headers);
    return answer;
  } catch {
    const copy = new Response(answer.body, answer);
    change(copy.headers);
    return copy;
  }
}
