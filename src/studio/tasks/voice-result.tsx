import type { Task } from '../api/documents.ts';
import { PlayButton } from '../voices/play-button.tsx';

type VoiceTask = Extract<Task, { __typename: 'VoiceTask' }>;

export function VoiceResult({ task }: { readonly task: VoiceTask }) {
  return (
    <ul className="voice-list" aria-label="Voices made">
      {task.voices.map((voice) => (
        <li key={voice.id} className="voice">
          <PlayButton name={voice.name} url={voice.trialUrl} />
          <span className="voice-name">{voice.name}</span>
        </li>
      ))}
    </ul>
  );
}
