import { formatUnits } from '../ui/format.ts';
import type { Quote } from './use-quote.ts';

interface Props {
  readonly quote: Quote;
  /** Whether the price is that of the real length of the video, not of the longest one. */
  readonly isLengthKnown: boolean;
}

/** Shows the price before anything is sent, or why it is not known. Screen readers speak a new price. */
export function Price({ quote, isLengthKnown }: Props) {
  return (
    <p className="quote" role="status">
      <PriceWords quote={quote} isLengthKnown={isLengthKnown} />
    </p>
  );
}

function PriceWords({ quote, isLengthKnown }: Props) {
  const known = quote.state === 'asking' ? (quote.last ?? quote) : quote;
  switch (known.state) {
    case 'none':
      return <span className="muted">The price is shown when there is a video.</span>;
    case 'asking':
      return <span className="muted">Asking for the price…</span>;
    case 'priced':
      return (
        <>
          <strong>
            {isLengthKnown ? '' : 'At most '}
            {formatUnits(known.units)}
          </strong>{' '}
          <span className="muted">
            about ${known.usd}
            {isLengthKnown ? '' : ', because the length of the video is not known yet'}
          </span>
        </>
      );
    case 'refused':
      return <span className="muted">The price is not known yet: something above is missing or wrong.</span>;
    default:
      return (
        <span className="muted">
          The price is unknown. {known.texts.title}. {known.texts.details.join(' ')}
        </span>
      );
  }
}
