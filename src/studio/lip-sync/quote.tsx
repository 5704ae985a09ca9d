import { useQuery } from 'urql';
import { VIDEO_MS_MAX, VIDEO_MS_MIN } from '../../domain/placement.ts';
import { QuoteDocument } from '../api/documents.ts';
import { formatSeconds, formatUnits } from '../ui/format.ts';

/** What it is expected to cost, told before it is asked for. */
export function Quote({ videoMs }: { readonly videoMs: number }) {
  const isLength = videoMs >= VIDEO_MS_MIN && videoMs <= VIDEO_MS_MAX;
  const [{ data }] = useQuery({
    query: QuoteDocument,
    variables: { videoDurationMs: videoMs },
    pause: !isLength,
    requestPolicy: 'cache-first',
  });
  if (!data || !isLength) return <p className="quote muted">The cost depends on the video’s length.</p>;
  const { units, usd } = data.lipSyncQuote;
  return (
    <p className="quote">
      <strong>{formatUnits(units)}</strong>{' '}
      <span className="muted">
        about ${usd}, estimated for {formatSeconds(videoMs)} of video
      </span>
    </p>
  );
}
