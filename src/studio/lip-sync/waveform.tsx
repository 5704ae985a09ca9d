interface Props {
  /** Empty when the sound cannot be looked into. */
  readonly peaks: readonly number[];
  readonly fromShare: number;
  readonly toShare: number;
}

export function Waveform({ peaks, fromShare, toShare }: Props) {
  const shown = peaks.slice(Math.floor(fromShare * peaks.length), Math.ceil(toShare * peaks.length));
  if (shown.length === 0) return null;
  const bars = shown.map((peak, index) => `M${index + 0.5} ${50 - peak * 42}V${50 + peak * 42}`).join('');
  return (
    <svg className="waveform" viewBox={`0 0 ${shown.length} 100`} preserveAspectRatio="none" aria-hidden="true">
      <path d={bars} />
    </svg>
  );
}
