/** What becomes of a multipart answer's parts. */
export interface PartListener {
  /** The JSON of a part. */
  readonly part: (json: string) => void;
  /** The closing delimiter has come. */
  readonly end: () => void;
}

const DELIMITER = '\r\n--graphql';

/** Takes the pieces of an Apollo multipart answer as they come; tells each part as soon as the delimiter behind it is there. */
export function createMultipartReader({ part, end }: PartListener): (piece: string) => void {
  let text = '';
  return (piece) => {
    text += piece;
    for (let at = text.indexOf(DELIMITER); at !== -1; at = text.indexOf(DELIMITER)) {
      const [, json] = text.slice(0, at).split('\r\n\r\n');
      text = text.slice(at + DELIMITER.length);
      if (json !== undefined) part(json);
    }
    if (text.startsWith('--')) end();
  };
}
