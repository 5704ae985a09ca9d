import { VOLUME } from '../../domain/inputs.ts';

export interface MixValues {
  readonly soundVolume: number;
  readonly originalAudioVolume: number;
  readonly watermark: boolean;
}

interface Props {
  readonly values: MixValues;
  readonly onChange: (values: MixValues) => void;
}

const VOLUMES = [
  { key: 'soundVolume', label: 'Volume of the sound' },
  { key: 'originalAudioVolume', label: 'Volume of the video’s own sound' },
] as const;

export function Mix({ values, onChange }: Props) {
  return (
    <details className="mix">
      <summary>Volumes and watermark</summary>
      <div className="mix-fields">
        {VOLUMES.map(({ key, label }) => (
          <label key={key} className="range">
            <span>
              {label} <output>{Math.round(values[key] * 100)} %</output>
            </span>
            <input
              type="range"
              min={VOLUME.min}
              max={VOLUME.max}
              step={0.1}
              value={values[key]}
              onChange={({ target }) => onChange({ ...values, [key]: target.valueAsNumber })}
            />
          </label>
        ))}
        <label className="checkbox">
          <input
            type="checkbox"
            checked={values.watermark}
            onChange={({ target }) => onChange({ ...values, watermark: target.checked })}
          />
          <span>Make a copy with Kling’s watermark as well</span>
        </label>
      </div>
    </details>
  );
}
