import { CreateVoice } from './create-voice.tsx';
import { MyVoices } from './my-voices.tsx';
import { PresetVoices } from './preset-voices.tsx';

export function VoicesScreen() {
  return (
    <>
      <div className="screen-head">
        <div>
          <h1>Voices</h1>
          <p className="muted">Your own, cloned from a recording, and Kling’s library.</p>
        </div>
      </div>
      <div className="voices-columns">
        <div>
          <MyVoices />
          <section aria-labelledby="preset-voices">
            <h2 id="preset-voices">Kling’s library</h2>
            <PresetVoices after={null} />
          </section>
        </div>
        <CreateVoice />
      </div>
    </>
  );
}
