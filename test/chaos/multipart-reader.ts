/** The callbacks for the parts of a multipart answer. */
export interface PartListener {
  /** Called with the JSON of a part. */
  readonly part: (json: string) => void;
  /** Called after the closing delimiter. */
  readonly end: () => void;
}

const DELIMITER = '\r\n--graphql';

/** Reads the pieces of an Apollo multipart answer. Reports each part when the delimiter after it has arrived. */
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
