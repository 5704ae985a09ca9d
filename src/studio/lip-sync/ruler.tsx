const STEPS_MS = [500, 1000, 2000, 5000, 10_000] as const;

/** Seconds along the top: as many as can be read. */
export function Ruler({ videoMs }: { readonly videoMs: number }) {
  const step = STEPS_MS.find((ms) => videoMs / ms <= 10) ?? 10_000;
  const marks = Array.from({ length: Math.floor(videoMs / step) + 1 }, (_, index) => index * step);
  return (
    <div className="timeline-row ruler" aria-hidden="true">
      <div className="row-label" />
      <div className="ruler-marks">
        {marks.map((ms) => (
          <span key={ms} style={{ left: `${(ms / videoMs) * 100}%` }}>
            {ms / 1000}
          </span>
        ))}
      </div>
    </div>
  );
}
